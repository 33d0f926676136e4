import {
  Function as PprofFunction,
  Line,
  Location,
  Profile as Pprof,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import { stackOf } from './frame-label.ts';
import type { Profile } from './profile.ts';

/**
 * A pprof `profile.proto`, not compressed: a `.pb.gz` file is this, gzipped. Two values per stack: samples
 * (count) and wall time (nanoseconds); V8 samples wall time, so that idle time is a stack of its own.
 */
export function toPprof(profile: Profile): Uint8Array {
  const strings = new StringTable();
  const valueType = (type: string, unit: string): ValueType =>
    new ValueType({ type: strings.dedup(type), unit: strings.dedup(unit) });
  const counts = new Map<number, number>();
  for (const { node } of profile.samples) counts.set(node, (counts.get(node) ?? 0) + 1);
  const sampled = profile.nodes.flatMap(({ self }, index) => {
    const count = counts.get(index) ?? 0;
    if (self <= 0 && count === 0) return [];
    // pprof lists the leaf first; ids count from 1, as 0 means none.
    const locationId = stackOf(profile, index)
      .toReversed()
      .map((frame) => frame + 1);
    return [new Sample({ locationId, value: [count, Math.round(self * 1000)] })];
  });
  return new Pprof({
    sampleType: [valueType('samples', 'count'), valueType('wall', 'nanoseconds')],
    sample: sampled,
    location: profile.frames.map(
      ({ line }, index) => new Location({ id: index + 1, line: [new Line({ functionId: index + 1, line })] }),
    ),
    function: profile.frames.map(({ name, file, line }, index) => {
      const at = strings.dedup(name);
      return new PprofFunction({
        id: index + 1,
        name: at,
        systemName: at,
        filename: strings.dedup(file),
        startLine: line,
      });
    }),
    timeNanos: BigInt(Math.round(profile.startMs * 1000)) * 1000n,
    durationNanos: Math.round((profile.endMs - profile.startMs) * 1e6),
    periodType: valueType('wall', 'nanoseconds'),
    period: Math.round(profile.interval * 1000),
    stringTable: strings,
  }).encode();
}
