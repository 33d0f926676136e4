import { hostname } from 'node:os';

/** The labels of a process; a pid alone means nothing on a server that several machines push to. */
export function processLabels({
  pid,
  ...labels
}: {
  pid: number;
  profiler: string;
  runtime?: string;
}): Record<string, string> {
  return { hostname: hostname(), pid: String(pid), ...labels };
}
