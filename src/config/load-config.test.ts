import { describe, expect, test } from 'vitest';
import { GaugewayError } from '../shared/errors.ts';
import { loadConfig } from './load-config.ts';
import { listConfigKeys } from './schema.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';

function failure(run: () => unknown): GaugewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GaugewayError) return error;
    throw error;
  }
  throw new Error('expected it to fail');
}

describe('loadConfig', () => {
  test('is safe by default: loopback, no authentication secret, no private upstream forced open', () => {
    const config = loadConfig({}, {});
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4444, jwtAudience: 'mcpgateway-api' });
    expect(config.jwtSecret).toBeUndefined();
    expect(config.allowPrivateUpstreams).toBeUndefined();
  });

  test('a flag wins over the environment, which wins over the default', () => {
    const env = { GAUGEWAY_PORT: '5000', LOG_LEVEL: 'warn' };
    expect(loadConfig({ port: '6000' }, env)).toMatchObject({ port: 6000, logLevel: 'warn' });
  });

  test('an empty variable counts as not set', () => {
    expect(loadConfig({}, { DATABASE_URL: '', GAUGEWAY_PORT: '' })).toMatchObject({ port: 4444 });
  });

  test('lists and switches are read from text', () => {
    const config = loadConfig(
      { allowPrivateUpstreams: true },
      { GAUGEWAY_ALLOWED_HOSTS: 'a.example, b.example,' },
    );
    expect(config).toMatchObject({
      allowedHosts: ['a.example', 'b.example'],
      allowPrivateUpstreams: true,
    });
    expect(loadConfig({}, { GAUGEWAY_ALLOW_PRIVATE_UPSTREAMS: 'false' }).allowPrivateUpstreams).toBe(false);
  });

  test('names the variable or flag at fault, and never shows a secret', () => {
    const short = failure(() => loadConfig({}, { JWT_SECRET_KEY: 'hunter2' }));
    expect(short.code).toBe('config_invalid');
    // As the command line prints it, which takes what stands right behind a secret's name for the secret.
    expect(maskSecrets(short.message)).toBe('JWT_SECRET_KEY is not valid: must be at least 32 characters');
    expect(short.message).not.toContain('hunter2');
    expect(failure(() => loadConfig({ port: '70000' }, {})).message).toContain('--port');
    expect(failure(() => loadConfig({}, { GAUGEWAY_PORT: 'x' })).message).toContain('GAUGEWAY_PORT');
    expect(failure(() => loadConfig({ pg: 'mysql://u:pw@h/d' }, {})).message).not.toContain('pw');
  });

  test('takes the variables of OpenTelemetry, and keeps credentials out of what can be seen', () => {
    const config = loadConfig(
      {},
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
        OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%3Db, x-team = lab',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
      },
    );
    expect(config).toMatchObject({
      otlpEndpoint: 'http://127.0.0.1:4318',
      otlpHeaders: { authorization: 'Bearer a=b', 'x-team': 'lab' },
      otelServiceName: 'gaugeway',
      tracesSampler: 'parentbased_traceidratio',
      tracesRatio: 0.25,
    });
    for (const headers of ['hunter2', 'x=hunter2%0d%0aevil: 1', 'x=%hunter2']) {
      const { message } = failure(() => loadConfig({}, { OTEL_EXPORTER_OTLP_HEADERS: headers }));
      expect(message).toContain('OTEL_EXPORTER_OTLP_HEADERS is not valid');
      expect(message).not.toContain('hunter2');
    }
    for (const url of ['grpc://127.0.0.1:4317', 'http://user:hunter2@host', 'host:4318']) {
      const { message } = failure(() => loadConfig({ otlpEndpoint: url }, {}));
      expect(message).toContain('--otlp-endpoint is not valid');
      expect(message).not.toContain('hunter2');
    }
  });

  test('refuses an address that others can reach, unless there is authentication', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'gateway.example']) {
      const refused = failure(() => loadConfig({ host }, {}));
      expect(refused).toMatchObject({ code: 'config_invalid', field: 'host' });
      expect(refused.message).toContain('JWT_SECRET_KEY');
    }
    const env = { JWT_SECRET_KEY: 'k'.repeat(32) };
    expect(loadConfig({ host: '0.0.0.0' }, env).host).toBe('0.0.0.0');
    expect(loadConfig({ host: '::1' }, {}).host).toBe('::1');
  });

  test('every key has its own variable and, unless it is a secret, its own flag', () => {
    const keys = listConfigKeys();
    expect(new Set(keys.map(({ meta }) => meta.env)).size).toBe(keys.length);
    expect(keys.filter(({ meta }) => meta.flag === undefined).map(({ key }) => key)).toEqual([
      'jwtSecret',
      'otlpHeaders',
    ]);
    for (const { meta } of keys) expect(meta.doc.length).toBeGreaterThan(10);
  });
});
