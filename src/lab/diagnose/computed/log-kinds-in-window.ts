import type { LogSample } from '../../timeline/samples/log-sample.ts';
import type { Timed } from '../artifacts.ts';
import { fewestSamples } from './confidence.ts';
import { defineFact } from './facts.ts';
import { counted } from './figures.ts';
import { samplesIn, steadyWindow } from './window.ts';

/** What one log says of one kind: its signature, else its error type, else its template. */
export interface LoggedKind {
  target: string;
  kind: string;
  signature: string | null;
  /** Whether some of its entries are of level `error` or `fatal`. */
  isError: boolean;
  /** The most frequent template in the window. */
  template: string;
  /** In each sample of the quiet time before the load, per second. */
  before: number[];
  /** In each sample of the window, per second. */
  during: number[];
  /** Entries in the window. */
  count: number;
  /** When it was seen first in the run, by the sample that tells it. */
  firstSeenMs: number;
  /** Lines that the log had beyond what was read, in the window. */
  dropped: number;
}

/** Every kind that the logs show in the window, the most frequent first. Undefined without a window. */
export const loggedKinds = defineFact(
  ['phases', 'log'],
  ({ phases, log }, facts): LoggedKind[] | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const quiet = phases.find(({ name }) => name === 'baseline');
    const kinds = [...log].flatMap(([target, samples]) => {
      const during = within(samples, window);
      const before = quiet === undefined ? [] : within(samples, quiet);
      return kindNames(during).map((kind) => describeKind(target, kind, samples, before, during));
    });
    return kinds.toSorted((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
  },
);

/** The kinds, and how often the log that was read most was read; or why there is too little to judge. */
export const judgedLogs = defineFact(
  ['phases', 'log'],
  ({ log }, facts): { kinds: LoggedKind[]; windows: number } | { reason: string } => {
    const kinds = facts.get(loggedKinds);
    if (kinds === undefined) return { reason: 'there was no load' };
    const windows = [...log.values()].reduce((most, samples) => Math.max(most, samples.length), 0);
    return windows < fewestSamples
      ? { reason: `the logs were read ${counted(windows, 'time')} only` }
      : { kinds, windows };
  },
);

function within(
  samples: readonly Timed<LogSample>[],
  part: { startMs: number; endMs: number },
): Timed<LogSample>[] {
  return samples.filter(
    (sample) => samplesIn([sample], { ...part, steady: true }, sample.data.windowMs).length > 0,
  );
}

type Entry = LogSample['templates'][number];

function kindOf({ signature, errorType, template }: Entry): string {
  return signature ?? errorType ?? template;
}

function kindNames(samples: readonly Timed<LogSample>[]): string[] {
  return [...new Set(samples.flatMap(({ data }) => data.templates.map(kindOf)))];
}

function describeKind(
  target: string,
  kind: string,
  all: readonly Timed<LogSample>[],
  before: readonly Timed<LogSample>[],
  during: readonly Timed<LogSample>[],
): LoggedKind {
  const of = ({ data }: Timed<LogSample>): Entry[] =>
    data.templates.filter((entry) => kindOf(entry) === kind);
  const countOf = (sample: Timed<LogSample>): number => of(sample).reduce((sum, { count }) => sum + count, 0);
  const rate = (sample: Timed<LogSample>): number =>
    (countOf(sample) * 1000) / Math.max(1, sample.data.windowMs);
  const entries = during.flatMap(of);
  const byTemplate = new Map<string, number>();
  for (const { template, count } of entries)
    byTemplate.set(template, (byTemplate.get(template) ?? 0) + count);
  const [top] = [...byTemplate].toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return {
    target,
    kind,
    signature: entries.find(({ signature }) => signature !== null)?.signature ?? null,
    isError: entries.some(({ level }) => level === 'error' || level === 'fatal'),
    template: top?.[0] ?? kind,
    before: before.map(rate),
    during: during.map(rate),
    count: entries.reduce((sum, { count }) => sum + count, 0),
    firstSeenMs: all.find((sample) => of(sample).length > 0)?.atMs ?? 0,
    dropped: during.reduce((sum, { data }) => sum + data.dropped, 0),
  };
}
