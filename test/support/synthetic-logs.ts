import type { ArtifactSlots } from '../../src/lab/diagnose/artifacts.ts';
import type { LogSample } from '../../src/lab/timeline/samples/log-sample.ts';

/** A second of a log that tells nothing but what goes well. */
export const quietLog: LogSample = { windowMs: 1000, byLevel: { info: 60 }, templates: [], dropped: 0 };

/** An entry of level `error` of one kind, `count` times in a second. */
export function loggedError(count: number, kind: Partial<LogSample['templates'][number]> = {}): LogSample {
  const entry = {
    template: 'tool <n> failed',
    level: 'error' as const,
    errorType: 'OperationalError',
    signature: null,
    count,
    ...kind,
  };
  return { ...quietLog, byLevel: { error: count }, templates: count === 0 ? [] : [entry] };
}

/** The run with a log of the gateway, a sample a second; `second` counts from the start of the run. */
export function withLog(
  run: ArtifactSlots,
  sampleAt: (second: number) => LogSample,
  seconds = 19,
): ArtifactSlots {
  const samples = Array.from({ length: seconds }, (_, at) => ({
    atMs: (at + 1) * 1000,
    data: sampleAt(at + 1),
  }));
  return { ...run, log: { status: 'ok', value: new Map([['gateway (file a.log)', samples]]) } };
}
