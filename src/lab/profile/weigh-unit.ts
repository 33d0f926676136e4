import type { StackUnit } from './from-stacks.ts';

const microseconds: Record<string, number> = {
  nanoseconds: 1e-3,
  nanosecond: 1e-3,
  ns: 1e-3,
  microseconds: 1,
  microsecond: 1,
  us: 1,
  µs: 1,
  μs: 1,
  milliseconds: 1e3,
  millisecond: 1e3,
  ms: 1e3,
  seconds: 1e6,
  second: 1e6,
  s: 1e6,
};
const bytes: Record<string, number> = {
  bytes: 1,
  byte: 1,
  b: 1,
  kilobytes: 1024,
  kb: 1024,
  kib: 1024,
  megabytes: 1024 ** 2,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  gigabytes: 1024 ** 3,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
};

/** What a value in a format's unit weighs in ours; undefined for what is neither time nor bytes, as counts. */
export function weighUnit(unit: string): StackUnit | undefined {
  const name = unit.toLowerCase();
  const us = Object.hasOwn(microseconds, name) ? microseconds[name] : undefined;
  if (us !== undefined) return { unit: 'microseconds', perValue: us, interval: 0 };
  const size = Object.hasOwn(bytes, name) ? bytes[name] : undefined;
  return size === undefined ? undefined : { unit: 'bytes', perValue: size, interval: 0 };
}

/** What py-spy and perf take in a second unless they are told otherwise (perf's 99 is as good as that). */
const usualSampleUs = 10_000;

/** What a count of samples weighs that were taken so far apart. */
export function weighSamples(intervalUs = usualSampleUs): StackUnit {
  return { unit: 'microseconds', perValue: intervalUs, interval: intervalUs };
}
