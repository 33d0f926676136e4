import { GaugewayError } from '../../shared/errors.ts';
import { boundedFrames } from './profile-builder.ts';
import { fromStacks, type LabelledStack, type StackUnit } from './from-stacks.ts';
import type { ProfileSet } from './profile-set.ts';
import { unescapeXml } from './unescape-xml.ts';
import { weighSamples, weighUnit } from './weigh-unit.ts';

interface Bar {
  label: string;
  value: number;
  left: number;
  right: number;
  y: number;
}

const mostBars = 500_000;
/** Of a title: `name (1,234 samples, 5.67%)`, in differential graphs with more behind. */
const titleText = /^(.*) \(([\d,.]+) ([^,()]{1,40}), [\d.]+%[^()]*\)$/s;

/**
 * Reads a flame graph as FlameGraph and inferno draw them (py-spy writes the latter): the tree is rebuilt of the bars'
 * titles and places, flames and icicles alike. Bars that were too small to be drawn count for their callers. `weigh`
 * tells what a sample weighs, 10 ms without it. Throws GaugewayError source_unreadable when there are no bars.
 */
export function fromFlamegraphSvg(
  svg: string,
  { name, weigh }: { name: string; weigh?: StackUnit },
): ProfileSet {
  const { bars, unit } = readBars(svg, name);
  const known = weighUnit(unit);
  const used = known ?? weigh ?? weighSamples();
  const facts = ['Read from a drawing: stacks that were too small to be drawn count for their callers.'];
  if (known === undefined && weigh === undefined) {
    facts.push('Its samples were read as 100 a second; --rate tells another rate.');
  }
  return fromStacks(stacksOf(bars, name), { name, facts, ...used });
}

function readBars(svg: string, name: string): { bars: Bar[]; unit: string } {
  const bars: Bar[] = [];
  let unit = '';
  for (const [, title = '', rect = ''] of svg.matchAll(/<title>([^<]*)<\/title>\s*<rect ([^>]*)>/g)) {
    const [, label, count = '', counted = ''] = titleText.exec(unescapeXml(title)) ?? [];
    const left = attribute(rect, 'fg:x') ?? attribute(rect, 'x');
    const width = attribute(rect, 'fg:w') ?? attribute(rect, 'width');
    const y = attribute(rect, 'y');
    if (label === undefined || left === undefined || width === undefined || y === undefined) continue;
    if (bars.length >= mostBars) {
      throw new GaugewayError('source_unreadable', `${name} holds more than ${mostBars} bars`);
    }
    unit = counted;
    bars.push({ label, value: Number(count.replaceAll(',', '')), left, right: left + width, y });
  }
  if (bars.length === 0) {
    throw new GaugewayError(
      'source_unreadable',
      `${name} is not a flame graph that Gaugeway, py-spy, inferno or FlameGraph wrote: it has no bars with titles`,
    );
  }
  return { bars, unit };
}

/** Bars from the row of the widest one on: each stands on the one of the row before that spans it. */
function* stacksOf(bars: readonly Bar[], name: string): Generator<LabelledStack> {
  const widest = bars.reduce((most, bar) => (bar.right - bar.left > most.right - most.left ? bar : most));
  const base = bars.find(({ label, left, right }) => {
    return label === 'all' && left === widest.left && right === widest.right;
  });
  const baseY = (base ?? widest).y;
  const rows = new Map<number, Bar[]>();
  for (const bar of bars) {
    const row = rows.get(bar.y);
    if (row === undefined) rows.set(bar.y, [bar]);
    else row.push(bar);
  }
  const inOrder = [...rows]
    .toSorted(([a], [b]) => Math.abs(a - baseY) - Math.abs(b - baseY))
    .map(([, row]) => row.toSorted((a, b) => a.left - b.left));
  const parentOf = new Map<Bar, Bar>();
  const depthOf = new Map<Bar, number>();
  const count = boundedFrames(name);
  const self = new Map<Bar, number>(bars.map((bar) => [bar, bar.value]));
  const slack = (widest.right - widest.left) * 1e-5;
  inOrder.forEach((row, depth) => {
    const above = inOrder[depth - 1] ?? [];
    let at = 0;
    for (const bar of row) {
      const middle = (bar.left + bar.right) / 2;
      while (at < above.length && (above[at]?.right ?? 0) + slack < middle) at += 1;
      const parent = above[at];
      if (parent === undefined || parent.left - slack > middle) continue;
      parentOf.set(bar, parent);
      depthOf.set(bar, (depthOf.get(parent) ?? 0) + 1);
      self.set(parent, (self.get(parent) ?? 0) - bar.value);
    }
  });
  for (const bar of bars) count(depthOf.get(bar) ?? 0);
  for (const bar of bars) {
    const labels: string[] = [];
    for (let next: Bar | undefined = bar; next !== undefined; next = parentOf.get(next)) {
      if (next !== base) labels.push(next.label);
    }
    yield { labels: labels.toReversed(), value: Math.max(0, self.get(bar) ?? 0) };
  }
}

function attribute(rect: string, name: string): number | undefined {
  const [, text] = new RegExp(`(?:^|\\s)${name}="([\\d.]+)%?"`).exec(rect) ?? [];
  return text === undefined ? undefined : Number(text);
}
