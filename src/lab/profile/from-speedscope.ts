import { GaugewayError } from '../../shared/errors.ts';
import type { StackUnit } from './from-stacks.ts';
import type { Frame, Profile } from './profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { ProfileSet } from './profile-set.ts';
import { arrayOf, marksFrom, numberOf, recordOf, textOf } from './untrusted.ts';
import { weighSamples, weighUnit } from './weigh-unit.ts';

/**
 * Reads a speedscope file (speedscope.app/file-format-schema.json), sampled and evented profiles of any unit, one part
 * each. `weigh` tells what profiles without a unit count; samples of 10 ms without it. Throws GaugewayError
 * source_unreadable, which says what is wrong.
 */
export function fromSpeedscope(
  document: unknown,
  { name, weigh }: { name: string; weigh?: StackUnit },
): ProfileSet {
  const file = recordOf(document);
  const shared = recordOf(file?.['shared']);
  if (file === undefined || shared === undefined || !Array.isArray(file['profiles'])) {
    throw new GaugewayError('source_unreadable', `${name} is not a speedscope file`);
  }
  const own = recordOf(file['gaugeway']);
  const frames = arrayOf(shared['frames']).map((frame, index) =>
    frameOf(frame, recordOf(own?.['marks'])?.[String(index)]),
  );
  const profiles = arrayOf(file['profiles']);
  if (profiles.length === 0) throw new GaugewayError('source_unreadable', `${name} holds no profile`);
  return {
    title: textOf(own?.['title']) || textOf(file['name']) || name,
    facts: arrayOf(own?.['facts']).filter((fact) => typeof fact === 'string'),
    parts: profiles.map((value, index) => {
      const profile = recordOf(value) ?? {};
      const label = textOf(profile['name']) || `profile ${index + 1}`;
      const place = recordOf(arrayOf(own?.['parts'])[index]);
      return { label, profile: readProfile(profile, { label, name, frames, place, weigh }) };
    }),
  };
}

interface ReadAs {
  label: string;
  name: string;
  frames: readonly Frame[];
  /** What our own files say of it besides. */
  place: Record<string, unknown> | undefined;
  weigh: StackUnit | undefined;
}

function readProfile(profile: Record<string, unknown>, read: ReadAs): Profile {
  const { label, name, frames, place, weigh } = read;
  const unit = textOf(profile['unit'], 'none');
  const weight = weighUnit(unit) ?? weigh ?? weighSamples();
  const builder = new ProfileBuilder(name);
  const nodeOf = (stack: readonly unknown[]): number =>
    builder.stack(stack.map((at) => frameAt(frames, at, name)));
  const type = textOf(profile['type']);
  if (type === 'sampled') {
    const weights = arrayOf(profile['weights']);
    arrayOf(profile['samples']).forEach((stack, index) => {
      builder.add(nodeOf(arrayOf(stack)), numberOf(weights[index]) * weight.perValue);
    });
  } else if (type === 'evented') {
    addEvents(profile, { builder, frames, name, perValue: weight.perValue });
  } else {
    throw new GaugewayError(
      'source_unreadable',
      `${name}: profile ${label} is neither sampled nor evented, which are the kinds that speedscope knows`,
    );
  }
  const built = builder.build({
    name: label,
    unit: weight.unit,
    order: place?.['order'] === 'none' || weight.unit === 'bytes' ? 'none' : 'time',
    interval: 0,
  });
  const startMs = numberOf(place?.['startMs']);
  return {
    ...built,
    startMs,
    endMs: numberOf(place?.['endMs'], startMs + built.endMs),
    interval: numberOf(place?.['interval'], medianWeight(built)),
  };
}

/** What is open between two events was running, its innermost frame itself. */
function addEvents(
  profile: Record<string, unknown>,
  to: { builder: ProfileBuilder; frames: readonly Frame[]; name: string; perValue: number },
): void {
  const { builder, frames, name, perValue } = to;
  const open: { frame: number; node: number }[] = [];
  let at = numberOf(profile['startValue']);
  for (const value of arrayOf(profile['events'])) {
    const event = recordOf(value) ?? {};
    const eventAt = numberOf(event['at'], at);
    if (eventAt < at) throw new GaugewayError('source_unreadable', `${name}: its events are not in order`);
    const top = open.at(-1);
    if (top !== undefined) builder.add(top.node, (eventAt - at) * perValue);
    at = eventAt;
    const frame = builder.frame(frameAt(frames, event['frame'], name));
    if (event['type'] === 'O') open.push({ frame, node: builder.child(top?.node ?? 0, frame) });
    else if (top?.frame === frame) open.pop();
    else throw new GaugewayError('source_unreadable', `${name}: an event closes a frame that is not open`);
  }
}

function frameAt(frames: readonly Frame[], index: unknown, name: string): Frame {
  const frame = typeof index === 'number' ? frames[index] : undefined;
  if (frame === undefined) {
    throw new GaugewayError(
      'source_unreadable',
      `${name}: a stack names a frame that the file does not hold`,
    );
  }
  return frame;
}

function frameOf(value: unknown, known: unknown): Frame {
  const frame = recordOf(value) ?? {};
  const marks = marksFrom(known);
  return {
    name: textOf(frame['name']) || '(anonymous)',
    file: textOf(frame['file']),
    line: numberOf(frame['line']),
    column: numberOf(frame['col']),
    ...(marks === undefined ? {} : { marks }),
  };
}

function medianWeight({ samples }: Profile): number {
  const sorted = samples.map(({ weight }) => weight).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
