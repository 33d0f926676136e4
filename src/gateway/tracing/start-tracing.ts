import { randomUUID } from 'node:crypto';
import type { GatewayConfig } from '../../config/schema.ts';
import type { Logger } from '../../shared/logger.ts';
import type { MetricsRegistry } from '../metrics/metrics-registry.ts';
import { createSampler } from './sampler.ts';
import { SpanExporter } from './span-exporter.ts';
import { createSpanTracer } from './span-tracer.ts';
import type { Tracer } from './tracer.ts';

/** Tracing as the configuration wants it. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, for at most `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

/** Begins to export spans; undefined where no receiver is configured, so that the hot path has nothing to do. */
export function startTracing(
  config: GatewayConfig,
  version: string,
  registry: MetricsRegistry,
  logger: Logger,
): Tracing | undefined {
  const url = tracesUrl(config);
  if (url === undefined) return undefined;
  const exporter = new SpanExporter({
    url,
    headers: config.otlpHeaders ?? {},
    source: { serviceName: config.otelServiceName, version, instanceId: randomUUID() },
    logger,
  });
  registry.read('spansExported', () => exporter.exportedSpans);
  registry.read('spansDropped', () =>
    Object.entries(exporter.droppedSpans).map(([reason, count]) => [[reason], count]),
  );
  exporter.start();
  logger.info('spans are exported', { to: url });
  return {
    tracer: createSpanTracer(createSampler(config.tracesSampler, config.tracesRatio), (span) =>
      exporter.add(span),
    ),
    stop: (limitMs) => exporter.stop(limitMs),
  };
}

/** The endpoint of traces is taken as it is, below the common one they have a path of their own (OTLP exporter specification). */
function tracesUrl({ otlpTracesEndpoint, otlpEndpoint }: GatewayConfig): string | undefined {
  if (otlpTracesEndpoint !== undefined) return otlpTracesEndpoint;
  return otlpEndpoint === undefined ? undefined : `${otlpEndpoint.replace(/\/+$/, '')}/v1/traces`;
}
