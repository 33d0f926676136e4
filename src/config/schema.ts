import { z } from 'zod';
import { logLevels } from '../shared/logger.ts';
import { otlpHeaders } from './otlp-headers.ts';
import { samplers } from './samplers.ts';

/** Where a key comes from and what it is for; feeds the flags, the environment, `--help` and the reference. */
export interface ConfigKeyMeta {
  env: string;
  /** As commander reads it. Absent for secrets, which would show in the process list. */
  flag?: string;
  doc: string;
}

/** Holds the {@link ConfigKeyMeta} of every key of {@link gatewayConfigSchema}. */
export const configKeys = z.registry<ConfigKeyMeta>();

const milliseconds = (fallback: number, min: number, max: number) =>
  z.coerce.number('must be a number of milliseconds').int().min(min).max(max).default(fallback);
const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number('must be a whole number').int().min(min).max(max).default(fallback);
const list = () =>
  z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
    .optional();

/** Headers travel in a variable of their own, so that no credentials show in the process list or in logs. */
const endpoint = () =>
  z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine((url) => !url.includes('@'), 'must hold no credentials: use OTEL_EXPORTER_OTLP_HEADERS')
    .optional();

/** Every key of the gateway, once. Values arrive as text from a flag or the environment. */
export const gatewayConfigSchema = z.object({
  host: z.string().min(1).default('127.0.0.1').register(configKeys, {
    env: 'GAUGEWAY_HOST',
    flag: '--host <address>',
    doc: 'Address to bind. Anything but loopback needs JWT_SECRET_KEY.',
  }),
  port: whole(4444, 0, 65_535).register(configKeys, {
    env: 'GAUGEWAY_PORT',
    flag: '--port <number>',
    doc: 'TCP port; 0 takes a free one.',
  }),
  pg: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional()
    .register(configKeys, {
      env: 'DATABASE_URL',
      flag: '--pg <dsn>',
      doc: 'PostgreSQL 14 to 18, directly or through PgBouncer; without it an embedded one is started.',
    }),
  storage: z.enum(['postgres', 'memory']).default('postgres').register(configKeys, {
    env: 'GAUGEWAY_STORAGE',
    flag: '--storage <kind>',
    doc: 'postgres, or memory for a gateway that forgets everything when it ends.',
  }),
  dataFolder: z.string().min(1).default('.gaugeway').register(configKeys, {
    env: 'GAUGEWAY_DATA',
    flag: '--data <folder>',
    doc: 'Folder of the embedded PostgreSQL.',
  }),
  jwtSecret: z.string().min(32, 'must be at least 32 characters').optional().register(configKeys, {
    env: 'JWT_SECRET_KEY',
    doc: 'HS256 secret of the bearer tokens, at least 32 characters. Without it there is no authentication.',
  }),
  jwtAudience: z.string().min(1).default('mcpgateway-api').register(configKeys, {
    env: 'JWT_AUDIENCE',
    flag: '--jwt-audience <text>',
    doc: 'Required `aud` of a token.',
  }),
  jwtIssuer: z.string().min(1).default('mcpgateway').register(configKeys, {
    env: 'JWT_ISSUER',
    flag: '--jwt-issuer <text>',
    doc: 'Required `iss` of a token.',
  }),
  logLevel: z
    .enum(logLevels)
    .default('info')
    .register(configKeys, {
      env: 'LOG_LEVEL',
      flag: '--log-level <level>',
      doc: `One of ${logLevels.join(', ')}.`,
    }),
  maxBodyBytes: whole(4 * 1024 * 1024, 1024, 1024 ** 3).register(configKeys, {
    env: 'GAUGEWAY_MAX_BODY_BYTES',
    flag: '--max-body-bytes <bytes>',
    doc: 'Largest request body.',
  }),
  upstreamTimeoutMs: milliseconds(60_000, 10, 3_600_000).register(configKeys, {
    env: 'GAUGEWAY_UPSTREAM_TIMEOUT_MS',
    flag: '--upstream-timeout-ms <ms>',
    doc: 'Longest silence of an upstream before a call fails.',
  }),
  upstreamCheckIntervalMs: milliseconds(30_000, 100, 3_600_000).register(configKeys, {
    env: 'GAUGEWAY_UPSTREAM_CHECK_INTERVAL_MS',
    flag: '--upstream-check-interval-ms <ms>',
    doc: 'How often an upstream without traffic is asked whether it is there.',
  }),
  shutdownTimeoutMs: milliseconds(30_000, 0, 600_000).register(configKeys, {
    env: 'GAUGEWAY_SHUTDOWN_TIMEOUT_MS',
    flag: '--shutdown-timeout-ms <ms>',
    doc: 'How long a shutdown waits for calls in flight.',
  }),
  metricsFlushIntervalMs: milliseconds(1000, 10, 300_000).register(configKeys, {
    env: 'GAUGEWAY_METRICS_FLUSH_INTERVAL_MS',
    flag: '--metrics-flush-interval-ms <ms>',
    doc: 'How often recorded calls are written to tool_metrics.',
  }),
  metricsBufferSize: whole(100_000, 1, 10_000_000).register(configKeys, {
    env: 'GAUGEWAY_METRICS_BUFFER_SIZE',
    flag: '--metrics-buffer-size <rows>',
    doc: 'Calls kept in memory while PostgreSQL is away; beyond it rows are dropped and counted.',
  }),
  pgPoolSize: whole(10, 1, 1000).register(configKeys, {
    env: 'GAUGEWAY_PG_POOL_SIZE',
    flag: '--pg-pool-size <connections>',
    doc: 'Connections to PostgreSQL, beside the one that watches it.',
  }),
  allowedHosts: list().register(configKeys, {
    env: 'GAUGEWAY_ALLOWED_HOSTS',
    flag: '--allowed-hosts <names>',
    doc: 'Host names accepted in Host, comma-separated. Default: loopback names on a loopback bind, else any.',
  }),
  allowedOrigins: list().register(configKeys, {
    env: 'GAUGEWAY_ALLOWED_ORIGINS',
    flag: '--allowed-origins <origins>',
    doc: 'Values accepted in Origin, e.g. https://app.example, comma-separated; CORS headers are never sent.',
  }),
  allowPrivateUpstreams: z
    .union([z.boolean(), z.stringbool('must be true or false')])
    .optional()
    .register(configKeys, {
      env: 'GAUGEWAY_ALLOW_PRIVATE_UPSTREAMS',
      flag: '--allow-private-upstreams',
      doc: 'Upstreams may be at loopback and private addresses. Default: only on a loopback bind.',
    }),
  otlpEndpoint: endpoint().register(configKeys, {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    flag: '--otlp-endpoint <url>',
    doc: 'Where spans are sent, as OTLP over HTTP in JSON, e.g. http://127.0.0.1:4318. Default: no spans.',
  }),
  otlpTracesEndpoint: endpoint().register(configKeys, {
    env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    flag: '--otlp-traces-endpoint <url>',
    doc: 'The same with its path, in place of the endpoint and /v1/traces.',
  }),
  otlpHeaders: otlpHeaders().register(configKeys, {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    doc: 'Headers for the receiver of spans, e.g. authorization=Bearer%20TOKEN, comma-separated.',
  }),
  otelServiceName: z.string().min(1).default('gaugeway').register(configKeys, {
    env: 'OTEL_SERVICE_NAME',
    flag: '--otel-service-name <text>',
    doc: 'What this gateway is called in traces.',
  }),
  tracesSampler: z
    .enum(samplers)
    .default('parentbased_always_on')
    .register(configKeys, {
      env: 'OTEL_TRACES_SAMPLER',
      flag: '--traces-sampler <name>',
      doc: `Which requests get spans: one of ${samplers.join(', ')}.`,
    }),
  tracesRatio: z.coerce.number('must be a number from 0 to 1').min(0).max(1).default(1).register(configKeys, {
    env: 'OTEL_TRACES_SAMPLER_ARG',
    flag: '--traces-ratio <share>',
    doc: 'Share of the traces that a sampler called traceidratio takes, 0 to 1.',
  }),
});

/** The gateway's configuration, checked and with its defaults. */
export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
export type ConfigKey = keyof GatewayConfig;

/** Name and meta of every key, in the order of declaration. */
export function listConfigKeys(): { key: ConfigKey; meta: ConfigKeyMeta; fallback: string | undefined }[] {
  return gatewayConfigSchema.keyof().options.map((key) => {
    const schema = gatewayConfigSchema.shape[key];
    const meta = configKeys.get(schema);
    if (meta === undefined) throw new Error(`config key ${key} is not registered`);
    const fallback = schema instanceof z.ZodDefault ? String(schema.def.defaultValue) : undefined;
    return { key, meta, fallback };
  });
}
