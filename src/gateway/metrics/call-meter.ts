import type { ToolCallRecord } from '../storage/ports.ts';
import type { CallRecorder } from './call-recorder.ts';
import type { MetricsRegistry, Sample } from './metrics-registry.ts';

/** Counts each finished call for Prometheus on its way to the recorder. Tools are labelled by `toolName`. */
export function createCallMeter(
  next: CallRecorder,
  registry: MetricsRegistry,
  toolName: (toolId: string) => string | undefined,
): CallRecorder {
  const counts = new Map<string, { success: number; failure: number }>();

  registry.read('toolCalls', () =>
    [...counts].flatMap(([toolId, { success, failure }]): Sample[] => {
      const name = toolName(toolId) ?? toolId;
      return [
        [[name, 'success'], success],
        [[name, 'failure'], failure],
      ];
    }),
  );

  return {
    record(call: ToolCallRecord) {
      let count = counts.get(call.toolId);
      if (count === undefined) counts.set(call.toolId, (count = { success: 0, failure: 0 }));
      count[call.isSuccess ? 'success' : 'failure'] += 1;
      next.record(call);
    },
  };
}
