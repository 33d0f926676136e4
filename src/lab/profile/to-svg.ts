import { frameKind, type FrameKind } from './frame-kind.ts';
import { frameLabel } from './frame-label.ts';
import { totalsOf } from './pack-profile.ts';
import { pageDataOf } from './page-data.ts';
import type { Profile, ProfileUnit } from './profile.ts';
import { type ProfileSet, asSet, stackParts } from './profile-set.ts';
import { svgScript } from './svg-script.ts';
import { withoutWaiting } from './without-waiting.ts';

const width = 1200;
const rowHeight = 17;
const margin = 12;
const fontSize = 12;
/** Of the monospaced fonts below at 12 px, with a little room. */
const letterWidth = 7.3;
/** Narrower bars can neither be read nor pointed at until their caller is enlarged. */
const leastShare = 0.0002;
const mostBars = 20_000;

const kinds: readonly { kind: FrameKind; words: string }[] = [
  { kind: 'own', words: 'own code' },
  { kind: 'dependency', words: 'dependencies' },
  { kind: 'runtime', words: 'runtime' },
  { kind: 'gc', words: 'garbage collector' },
  { kind: 'waiting', words: 'waiting' },
];

/**
 * A flame graph as one interactive SVG, the outermost frame on top: click enlarges, a search tells its share. It needs
 * nothing from elsewhere and holds its data, so that it reads back. Bars below 0.02 % are not drawn, and waiting only
 * where there is nothing else: it would leave the work a sliver.
 */
export function toSvg(source: Profile | ProfileSet): string {
  const set = asSet(source);
  const whole = stackParts(set);
  const work = withoutWaiting(whole);
  const [wholeWeight, workWeight] = [totalsOf(whole)[0] ?? 0, totalsOf(work)[0] ?? 0];
  const tree = workWeight > 0 ? work : whole;
  const bars = barsOf(tree);
  const depth = bars.reduce((most, bar) => Math.max(most, bar.depth), 0);
  const leftOut = 1 - workWeight / wholeWeight;
  const told = workWeight > 0 && leftOut > 0 ? [`Waiting is left out: ${percent(leftOut)} of the time.`] : [];
  const facts = [...set.facts, ...told].flatMap((fact) =>
    wrap(fact, Math.floor((width - 2 * margin) / (letterWidth * 0.92))),
  );
  const top = margin + 26 + facts.length * 16 + 26;
  const height = top + (depth + 1) * rowHeight + 34;
  const line = (text: string, index: number): string =>
    `<text class="fact" x="${margin}" y="${margin + 34 + index * 16}">${escapeXml(text)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0 0 ${width} ${height}" preserveAspectRatio="xMidYMin" role="img" aria-label="${escapeXml(set.title)}">`,
    `<title>${escapeXml(set.title)}</title>`,
    `<style>${style}</style>`,
    `<metadata id="gaugeway-profile">${escapeXml(JSON.stringify(pageDataOf(set)))}</metadata>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="${margin}" y="${margin + 14}">${escapeXml(cut(set.title, 72))}</text>`,
    ...facts.map(line),
    legend(top - 14, tree === whole ? kinds : kinds.filter(({ kind }) => kind !== 'waiting')),
    `<g id="controls"></g>`,
    `<g id="bars" data-top="${top}">`,
    ...bars.map((bar) => drawn(bar, top, tree.unit)),
    `</g>`,
    `<text id="detail" class="fact" x="${margin}" y="${height - 12}"> </text>`,
    `<script><![CDATA[${svgScript({ width, margin, letterWidth, rowHeight })}]]></script>`,
    `</svg>\n`,
  ].join('\n');
}

interface Bar {
  label: string;
  short: string;
  kind: FrameKind;
  depth: number;
  /** Of the whole, 0 to 1. */
  left: number;
  share: number;
  weight: number;
}

function barsOf(tree: Profile): Bar[] {
  const totals = totalsOf(tree);
  const whole = totals[0] ?? 0;
  if (whole <= 0) return [];
  const bars: Bar[] = [
    { label: 'all', short: 'all', kind: 'waiting', depth: 0, left: 0, share: 1, weight: whole },
  ];
  const children = new Map<number, number[]>();
  tree.nodes.forEach(({ parent }, index) => {
    const below = children.get(parent);
    if (below === undefined) children.set(parent, [index]);
    else below.push(index);
  });
  const pending = [{ node: 0, depth: 0, left: 0 }];
  // Level by level: where there are too many bars, the innermost are left out.
  for (let next = 0; next < pending.length && bars.length < mostBars; next += 1) {
    const { node, depth, left } = pending[next] ?? { node: -1, depth: 0, left: 0 };
    let at = left;
    const below = (children.get(node) ?? []).toSorted((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0));
    for (const child of below) {
      const weight = totals[child] ?? 0;
      const share = weight / whole;
      if (share < leastShare) break;
      const frame = tree.frames[tree.nodes[child]?.frame ?? -1];
      if (frame === undefined) continue;
      bars.push({
        label: frameLabel(frame),
        short: frame.name,
        kind: frameKind(frame),
        depth: depth + 1,
        left: at,
        share,
        weight,
      });
      pending.push({ node: child, depth: depth + 1, left: at });
      at += share;
    }
  }
  return bars;
}

function drawn(
  { label, short, kind, depth, left, share, weight }: Bar,
  top: number,
  unit: ProfileUnit,
): string {
  const room = width - 2 * margin;
  const x = margin + left * room;
  const y = top + depth * rowHeight;
  const wide = share * room;
  const shown = fit(label, short, wide);
  const told = `${label} (${amount(weight, unit)}, ${percent(share)})`;
  return [
    `<g class="bar ${depth === 0 ? 'all' : kind}" data-x="${round(left)}" data-w="${round(share)}" data-d="${depth}" data-name="${escapeXml(short)}">`,
    `<title>${escapeXml(told)}</title>`,
    `<rect x="${x.toFixed(2)}" y="${y}" width="${wide.toFixed(2)}" height="${rowHeight - 1}" rx="1"/>`,
    `<text x="${(x + 3).toFixed(2)}" y="${y + 12}">${escapeXml(shown)}</text>`,
    `</g>`,
  ].join('');
}

/** The label where it has room, the name otherwise, cut where even that is too long. */
function fit(label: string, short: string, wide: number): string {
  const letters = Math.floor((wide - 6) / letterWidth);
  if (letters < 3) return '';
  return label.length <= letters ? label : cut(short, letters);
}

function legend(y: number, shown: typeof kinds): string {
  let x = margin;
  return shown
    .map(({ kind, words }) => {
      const entry = `<g class="${kind}"><rect x="${x}" y="${y - 10}" width="11" height="11" rx="1"/><text class="fact" x="${x + 16}" y="${y}">${words}</text></g>`;
      x += 16 + words.length * letterWidth + 18;
      return entry;
    })
    .join('');
}

function amount(weight: number, unit: ProfileUnit): string {
  if (unit === 'bytes') {
    if (weight >= 1024 ** 2) return `${(weight / 1024 ** 2).toFixed(1)} MiB`;
    return weight >= 1024 ? `${(weight / 1024).toFixed(1)} KiB` : `${Math.round(weight)} B`;
  }
  return weight >= 1e6 ? `${(weight / 1e6).toFixed(2)} s` : `${(weight / 1000).toFixed(1)} ms`;
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
const round = (value: number): number => Number(value.toFixed(7));

function cut(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}

function wrap(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < letters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(cut(word, letters));
  }
  return lines;
}

/** XML holds no control characters, not even escaped ones. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replaceAll(/[<>&"']/g, (sign) => `&#${sign.codePointAt(0) ?? 0};`);
}

const style = [
  `text{font:${fontSize}px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1d1f24;white-space:pre}`,
  `.title{font-size:16px;font-weight:600}.fact{font-size:11px;fill:#5a606b}`,
  `.paper{fill:#fff}.bar{cursor:pointer}.bar rect{stroke:#fff;stroke-width:.5}.bar text{pointer-events:none}`,
  `.bar:hover rect{stroke:#1d1f24;stroke-width:1}.all rect{fill:#d9dce2}`,
  `.own rect{fill:#f0a35c}.dependency rect{fill:#8fb7e3}.runtime rect{fill:#b9c2cc}.gc rect{fill:#d795b8}.waiting rect{fill:#e6e6e1}`,
  `.found rect{fill:#b04ad8!important}.found text{fill:#fff}.above{opacity:.55}.out{display:none}`,
  `input{font:12px ui-monospace,monospace;width:100%;box-sizing:border-box}`,
].join('');
