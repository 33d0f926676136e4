/** Parsers of the files of a control group: cgroup-v1(7) in the kernel's documentation, and cgroup-v2. All pure. */

/** Lines of a name and a number, as in `cpu.stat`, `memory.stat` and `memory.events`. */
export function parseFlatKeyed(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .map((line): [string, number] => {
        const [name = '', value] = line.split(' ');
        return [name, Number(value)];
      })
      .filter(([name, value]) => name !== '' && Number.isFinite(value)),
  );
}

/** Version 1 writes the largest number of pages that there can be where nothing is limited. */
const unlimitedBytes = 2 ** 60;

/** A limit in bytes or of a count; null where there is none (`max`, or an absurd number in version 1). */
export function parseLimit(text: string): number | null {
  const value = Number(text.trim());
  return Number.isFinite(value) && value < unlimitedBytes ? value : null;
}

/** `cpu.max` of version 2, e.g. `20000 100000`: cores, null without a quota. */
export function parseCpuMax(text: string): number | null {
  const [quota, period] = text.trim().split(' ');
  return coresOf(Number(quota), Number(period));
}

/** Cores that a quota of so many microseconds in a period allows; null when there is no quota. */
export function coresOf(quotaUs: number, periodUs: number): number | null {
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : null;
}

/** Of a pressure file (the kernel's psi.rst): milliseconds in which some task stood still, cumulative. */
export function parseStalledMs(text: string): number | undefined {
  const total = /^some .*\btotal=(\d+)/m.exec(text)?.[1];
  return total === undefined ? undefined : Number(total) / 1000;
}

export interface BlockBytes {
  readBytes: number;
  writtenBytes: number;
}

/** `io.stat` of version 2, all devices added. */
export function parseIoStat(text: string): BlockBytes {
  return { readBytes: sumOf(text, /\brbytes=(\d+)/g), writtenBytes: sumOf(text, /\bwbytes=(\d+)/g) };
}

/** `blkio.throttle.io_service_bytes_recursive` of version 1, all devices added. */
export function parseServiceBytes(text: string): BlockBytes {
  return { readBytes: sumOf(text, /\bRead (\d+)/g), writtenBytes: sumOf(text, /\bWrite (\d+)/g) };
}

function sumOf(text: string, pattern: RegExp): number {
  let sum = 0;
  for (const match of text.matchAll(pattern)) sum += Number(match[1]);
  return sum;
}
