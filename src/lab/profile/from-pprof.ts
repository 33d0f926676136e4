import { type Label, type Location, Profile as Pprof, type Sample } from 'pprof-format';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { StackUnit } from './from-stacks.ts';
import type { Frame } from './profile.ts';
import { PartBuilders } from './profile-builder.ts';
import { requireUsableSize } from './pprof-size.ts';
import type { ProfileSet } from './profile-set.ts';
import { weighSamples, weighUnit } from './weigh-unit.ts';

/** The labels of samples that tell who took them: ours, and those of profilers for Python, Ruby and the JVM. */
const ownerLabels = ['process', 'pid', 'thread', 'thread_name', 'thread name', 'thread_id', 'thread id'];

/**
 * Reads a pprof profile (`profile.proto`, not compressed): of its values the one that it names as the default, or else
 * the last one of time or bytes, as `go tool pprof` does, or else its counts. Samples of several processes and threads,
 * told apart by labels, become a part each. Throws GaugewayError source_unreadable when it is no such profile.
 */
export function fromPprof(bytes: Uint8Array, { name }: { name: string }): ProfileSet {
  const pprof = decode(bytes, name);
  const text = (at: number | bigint): string => pprof.stringTable.strings[Number(at)] ?? '';
  const { index, weigh, fact } = chooseValue(pprof, text);
  const frames = framesOf(pprof, text);
  const startMs = Number(pprof.timeNanos) / 1e6;
  const parts = new PartBuilders(name);
  for (const sample of pprof.sample) {
    const part = parts.of(ownerOf(sample, text) || name);
    const value = signed(sample.value[index] ?? 0);
    const stack = sample.locationId.flatMap((id) => frames.get(Number(id)) ?? []);
    part.add(part.stack(stack.toReversed()), value * weigh.perValue);
  }
  const period = signed(pprof.period);
  const periodUnit = pprof.periodType === undefined ? undefined : weighUnit(text(pprof.periodType.unit));
  const interval = periodUnit?.unit === weigh.unit ? period * periodUnit.perValue : weigh.interval;
  const durationMs = Number(pprof.durationNanos) / 1e6;
  return {
    title: name,
    facts: [...pprof.comment.map(text).filter((comment) => comment !== ''), ...fact],
    parts: parts.build({
      unit: weigh.unit,
      order: 'none',
      interval,
      startMs,
      ...(durationMs > 0 ? { endMs: startMs + durationMs } : {}),
    }),
  };
}

function decode(bytes: Uint8Array, name: string): Pprof {
  requireUsableSize(bytes, name);
  let pprof: Pprof;
  try {
    pprof = Pprof.decode(bytes);
  } catch (cause) {
    throw new GaugewayError('source_unreadable', `${name} is not a pprof profile: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (pprof.sampleType.length === 0) {
    throw new GaugewayError('source_unreadable', `${name} is not a pprof profile: it names no type of value`);
  }
  return pprof;
}

function chooseValue(
  pprof: Pprof,
  text: (at: number | bigint) => string,
): { index: number; weigh: StackUnit; fact: string[] } {
  const types = pprof.sampleType.map(({ type, unit }) => ({
    type: text(type),
    weigh: weighUnit(text(unit)),
  }));
  const wanted = text(pprof.defaultSampleType);
  const named = types.findIndex(({ type, weigh }) => wanted !== '' && type === wanted && weigh !== undefined);
  const index = named >= 0 ? named : types.findLastIndex(({ weigh }) => weigh !== undefined);
  const chosen = types[index];
  if (chosen?.weigh !== undefined) {
    const others = types.filter((other) => other !== chosen && other.weigh !== undefined);
    const fact =
      others.length === 0
        ? []
        : [`Shown is ${chosen.type}; the file holds also ${others.map(({ type }) => type).join(', ')}.`];
    return { index, weigh: chosen.weigh, fact };
  }
  const period = pprof.periodType === undefined ? undefined : weighUnit(text(pprof.periodType.unit));
  const perSample = period === undefined ? 0 : period.perValue * signed(pprof.period);
  const weigh: StackUnit =
    period !== undefined && perSample > 0
      ? { unit: period.unit, perValue: perSample, interval: perSample }
      : weighSamples();
  return { index: 0, weigh, fact: [`The file counts ${types[0]?.type ?? 'samples'} only.`] };
}

/** Of a location several where functions were inlined, the innermost first, as its stacks are. */
function framesOf(pprof: Pprof, text: (at: number | bigint) => string): Map<number, Frame[]> {
  const functions = new Map(pprof.function.map((known) => [Number(known.id), known]));
  const libraries = new Map(pprof.mapping.map(({ id, filename }) => [Number(id), text(filename)]));
  const frameless = ({ address, mappingId }: Location): Frame => ({
    name: Number(address) === 0 ? '[unknown]' : `0x${BigInt(address).toString(16)}`,
    file: libraries.get(Number(mappingId)) ?? '',
    line: 0,
    column: 0,
  });
  return new Map(
    pprof.location.map((location) => {
      const lines = location.line.map(({ functionId, line, column }) => {
        const known = functions.get(Number(functionId));
        return {
          name: (known === undefined ? '' : text(known.name) || text(known.systemName)) || '(anonymous)',
          file: known === undefined ? '' : text(known.filename),
          line: Math.max(0, signed(line)),
          column: Math.max(0, signed(column)),
        };
      });
      return [Number(location.id), lines.length > 0 ? lines : [frameless(location)]];
    }),
  );
}

function ownerOf({ label }: Sample, text: (at: number | bigint) => string): string {
  if (label.length === 0) return '';
  const valueOf = ({ str, num }: Label): string => text(str) || String(num);
  const given = new Map(label.map((entry) => [text(entry.key), valueOf(entry)]));
  return ownerLabels
    .flatMap((key) => {
      const value = given.get(key);
      if (value === undefined) return [];
      return key === 'process' || key.includes('name') ? [value] : [`${key.replace('_', ' ')} ${value}`];
    })
    .join(' · ');
}

/** Protocol buffers write a negative number as its two's complement. */
function signed(value: number | bigint): number {
  return Number(BigInt.asIntN(64, BigInt(value)));
}
