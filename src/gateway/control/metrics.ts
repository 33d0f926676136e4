import { z } from 'zod';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { MetricsRecorder } from '../metrics/metrics-recorder.ts';
import type { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { PendingAggregates } from '../metrics/pending-aggregates.ts';
import type { ToolAggregate } from '../storage/ports.ts';
import type { CatalogService } from './catalog-service.ts';
import { errorAnswers, timestamp } from './shapes.ts';
import type { ControlApp } from './zod-routes.ts';

const seconds = z.number().nullable().meta({ description: 'Seconds; null before the first call' });

const callMetrics = z.object({
  totalExecutions: z.number(),
  successfulExecutions: z.number(),
  failedExecutions: z.number(),
  failureRate: z.number().meta({ description: '0 to 1' }),
  minResponseTime: seconds,
  maxResponseTime: seconds,
  avgResponseTime: seconds,
  p50ResponseTime: seconds,
  p95ResponseTime: seconds,
  p99ResponseTime: seconds,
  lastExecutionTime: timestamp.nullable(),
});

const metricsShape = z.object({
  tools: callMetrics,
  byTool: z.array(callMetrics.extend({ toolId: z.string(), name: z.string() })),
});

export interface MetricsRoutesDeps {
  service: CatalogService;
  recorder: MetricsRecorder;
  registry: MetricsRegistry;
}

/** Figures since the beginning, of all replicas, from the aggregates; and this process's own for Prometheus. */
export function addMetricsRoutes(app: ControlApp, { service, recorder, registry }: MetricsRoutesDeps): void {
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Tool calls: counts, failure rate and response times',
        tags: ['metrics'],
        response: { 200: metricsShape, ...errorAnswers },
      },
    },
    async () => {
      const names = new Map(service.contents.tools.map((tool) => [tool.id, tool.name]));
      const aggregates = (await recorder.readAggregates()).filter(({ toolId }) => names.has(toolId));
      const total = new PendingAggregates();
      for (const aggregate of aggregates) total.merge({ ...aggregate, toolId: 'all' });
      const byTool = aggregates
        .map((aggregate) => ({
          toolId: aggregate.toolId,
          name: names.get(aggregate.toolId) ?? aggregate.toolId,
          ...toCallMetrics(aggregate),
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return { tools: toCallMetrics(total.toAggregates()[0]), byTool };
    },
  );
  app.get(
    '/metrics/prometheus',
    { schema: { summary: 'Metrics of this process in Prometheus text format', tags: ['metrics'] } },
    (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(registry.render()),
  );
}

function toCallMetrics(aggregate: ToolAggregate | undefined): z.input<typeof callMetrics> {
  const { calls = 0, failures = 0, lastCallMs = 0 } = aggregate ?? {};
  const sketch = new LatencySketch();
  if (aggregate !== undefined) sketch.merge(aggregate.latency);
  const orNull = (ms: number): number | null => (calls === 0 ? null : ms / 1000);
  return {
    totalExecutions: calls,
    successfulExecutions: calls - failures,
    failedExecutions: failures,
    failureRate: calls === 0 ? 0 : failures / calls,
    minResponseTime: orNull(sketch.minMs),
    maxResponseTime: orNull(sketch.maxMs),
    avgResponseTime: orNull(sketch.meanMs),
    p50ResponseTime: orNull(sketch.quantileMs(0.5)),
    p95ResponseTime: orNull(sketch.quantileMs(0.95)),
    p99ResponseTime: orNull(sketch.quantileMs(0.99)),
    lastExecutionTime: calls === 0 ? null : new Date(lastCallMs).toISOString(),
  };
}
