import type { Command } from 'commander';
import type { LoadPlan } from '../lab/load/load-plan.ts';

export interface TraceContextFlags {
  /** Of `--no-trace-context`. */
  traceContext: boolean;
}

/** Of commands whose users say with each request which load it belongs to. */
export function addTraceContextOption(command: Command): void {
  command.option(
    '--no-trace-context',
    'requests without the headers traceparent and baggage, which name run, scenario and step',
  );
}

/** What the option says of the plan of a run. */
export function traceContextOf(
  { traceContext }: TraceContextFlags,
  runId: string,
): Pick<LoadPlan, 'traceContext'> {
  return traceContext ? { traceContext: { runId } } : {};
}
