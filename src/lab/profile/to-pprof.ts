import {
  Function as PprofFunction,
  Label,
  Line,
  Location,
  Profile as Pprof,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import { stackOf } from './frame-label.ts';
import { indexIn } from './index-in.ts';
import { frameKey } from './merge-profiles.ts';
import type { Frame, Profile } from './profile.ts';
import { type ProfileSet, asSet, unitOf } from './profile-set.ts';

/** What the weights of a pprof file are called, by the names that Go's own profiles have. */
export type PprofWeight = 'wall' | 'cpu' | 'alloc_space' | 'inuse_space';

/**
 * A pprof `profile.proto`, not compressed: a `.pb.gz` file is this, gzipped. Two values per stack: samples
 * (count) and wall time (nanoseconds) or allocated bytes; V8 samples wall time, so that idle time is a stack of its own.
 * `weight` is another name for the latter; one of bytes stands alone, as Pyroscope takes counted samples for CPU time. Of several
 * parts each sample has a label `process`. The facts are comments.
 * Throws as {@link unitOf}.
 */
export function toPprof(source: Profile | ProfileSet, weight?: PprofWeight): Uint8Array {
  const set = asSet(source);
  const isTime = unitOf(set) === 'microseconds';
  const perUnit = isTime ? 1000 : 1;
  const weightName = weight ?? (isTime ? 'wall' : 'alloc_space');
  const strings = new StringTable();
  const valueType = (type: string, unit: string): ValueType =>
    new ValueType({ type: strings.dedup(type), unit: strings.dedup(unit) });
  const weightType = (): ValueType => valueType(weightName, isTime ? 'nanoseconds' : 'bytes');
  const isCounted = isTime || weight === undefined;
  const frames: Frame[] = [];
  const frameOf = new Map<string, number>();
  const sampled = set.parts.flatMap(({ label, profile }) => {
    const frameAt = profile.frames.map((frame) => indexIn(frames, frameOf, frameKey(frame), frame));
    const countOf = sampleCounter(profile);
    const labels =
      set.parts.length > 1 ? [new Label({ key: strings.dedup('process'), str: strings.dedup(label) })] : [];
    return profile.nodes.flatMap(({ self }, index) => {
      const count = countOf(index);
      if (self <= 0 && count === 0) return [];
      // pprof lists the leaf first; ids count from 1, as 0 means none.
      const locationId = stackOf(profile, index)
        .toReversed()
        .map((frame) => (frameAt[frame] ?? 0) + 1);
      const weighed = Math.round(self * perUnit);
      return [new Sample({ locationId, value: isCounted ? [count, weighed] : [weighed], label: labels })];
    });
  });
  const profiles = set.parts.map(({ profile }) => profile);
  const startMs = Math.max(0, Math.min(...profiles.map((profile) => profile.startMs)));
  const endMs = Math.max(startMs, ...profiles.map((profile) => profile.endMs));
  return new Pprof({
    sampleType: [...(isCounted ? [valueType('samples', 'count')] : []), weightType()],
    sample: sampled,
    location: frames.map(
      ({ line, column }, index) =>
        new Location({ id: index + 1, line: [new Line({ functionId: index + 1, line, column })] }),
    ),
    function: frames.map(({ name, file, line }, index) => {
      const at = strings.dedup(name);
      return new PprofFunction({
        id: index + 1,
        name: at,
        systemName: at,
        filename: strings.dedup(file),
        startLine: line,
      });
    }),
    comment: set.facts.map((fact) => strings.dedup(fact)),
    timeNanos: BigInt(Math.round(startMs * 1000)) * 1000n,
    durationNanos: Math.round((endMs - startMs) * 1e6),
    periodType: weightType(),
    period: Math.round(Math.max(0, ...profiles.map(({ interval }) => interval)) * perUnit),
    stringTable: strings,
  }).encode();
}

/** How many samples a node stands for: as they were taken, or by its time where only sums are known. */
function sampleCounter({ samples, nodes, order, unit, interval }: Profile): (node: number) => number {
  if (order === 'none' && unit === 'microseconds' && interval > 0) {
    return (node) => Math.round((nodes[node]?.self ?? 0) / interval);
  }
  const counts = new Map<number, number>();
  for (const { node } of samples) counts.set(node, (counts.get(node) ?? 0) + 1);
  return (node) => counts.get(node) ?? 0;
}
