import { maskCommand } from '../../shared/mask-command.ts';
import { frameFromLabel } from './frame-from-label.ts';
import type { Frame, ProfileUnit } from './profile.ts';
import { PartBuilders } from './profile-builder.ts';
import type { ProfileSet } from './profile-set.ts';

/** Stacks whose frames are labels, as formats for people have them. */
export interface LabelledStack {
  /** Outermost first. */
  labels: readonly string[];
  value: number;
}

/** What values of such formats count, which they do not tell themselves. */
export interface StackUnit {
  unit: ProfileUnit;
  /** What a value of 1 weighs: of samples the microseconds between two, 1 where values are the unit itself. */
  perValue: number;
  /** What one sample stands for where values count samples; 0 where they are weights, of who knows how many samples. */
  interval: number;
}

/**
 * A set of stacks of labels. The outermost frames that py-spy writes for processes and threads become a part each.
 * Throws GaugewayError source_unreadable beyond the bounds of a profile.
 */
export function fromStacks(
  stacks: Iterable<LabelledStack>,
  { name, facts = [], unit, perValue, interval }: StackUnit & { name: string; facts?: string[] },
): ProfileSet {
  const parts = new PartBuilders(name);
  const frames = new Map<string, Frame>();
  for (const { labels, value } of stacks) {
    const owners = ownersOf(labels);
    const part = parts.of(owners.map(ownerLabel).join(' · ') || name);
    let node = 0;
    for (const text of labels.slice(owners.length)) {
      let frame = frames.get(text);
      if (frame === undefined) frames.set(text, (frame = frameFromLabel(text)));
      node = part.child(node, part.frame(frame));
    }
    part.add(node, value * perValue);
  }
  return {
    title: name,
    facts,
    parts: parts.build({ unit, order: 'none', interval }),
  };
}

const processFrame = /^process (\d+):"(.*)"$/s;
const threadFrame = /^thread \((\d+|0x[\da-f]+)\)(?:: (.*))?$/is;

/** A process that was started by another stands below it: the innermost one ran the stack. */
function ownersOf(labels: readonly string[]): string[] {
  const first = labels.findIndex((label) => !processFrame.test(label) && !threadFrame.test(label));
  return labels.slice(0, first < 0 ? labels.length : first);
}

function ownerLabel(owner: string): string {
  const [, pid, command = ''] = processFrame.exec(owner) ?? [];
  if (pid !== undefined) return `${maskCommand(command.split(' ')).slice(0, 80)} (pid ${pid})`.trim();
  const [, id, thread = ''] = threadFrame.exec(owner) ?? [];
  return thread === '' ? `thread ${id ?? ''}` : thread;
}
