import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { RecordingSink } from '../../test/integration/recording-sink.ts';
import { freePort } from '../../test/support/free-port.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import type { Collector } from './collect/collector.ts';
import { PrometheusCollector } from './collect/prometheus.ts';
import { NotApplicableError } from './collect/not-applicable.ts';
import { Sampling } from './sampling.ts';

const never = new AbortController().signal;
const logger = createLogger('silent');

describe('a source that cannot be opened', () => {
  test('is tried again, told of the phase, and sampled as soon as it is there', async () => {
    const port = await freePort();
    const phases: string[] = [];
    const sampled = Promise.withResolvers<void>();
    const collector = new (class extends PrometheusCollector {
      async enterPhase(phase: string): Promise<void> {
        phases.push(phase);
      }
    })(`http://127.0.0.1:${port}`, undefined);
    const sink = new (class extends RecordingSink {
      override sample(...args: Parameters<RecordingSink['sample']>): void {
        super.sample(...args);
        sampled.resolve();
      }
    })();
    const sampling = new Sampling([collector], sink, logger);
    expect(await sampling.open(never)).toHaveLength(1);
    sampling.start();
    await sampling.enterPhase('steady');
    const server = createServer((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ncalls_total 3\n'));
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    await sampled.promise;
    await sampling.finish();
    await sampling.close();
    server.close();
    expect(sink.gaps.length).toBeGreaterThan(0);
    expect(sink.samples.prometheus[0]).toEqual({ metrics: { calls_total: 3 } });
    expect(phases).toEqual(['steady']);
  });

  test('is left alone for long when it answers that it refuses', async () => {
    let asked = 0;
    const server = createServer((socket) => {
      socket.on('data', (request) => {
        asked += 1;
        expect(String(request)).toContain('gaugeway-lab');
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const retried = Promise.withResolvers<void>();
    let opened = 0;
    const unreachable: Collector = {
      source: 'redis',
      target: 'redis',
      everyMs: 0,
      open: () => {
        opened += 1;
        if (opened > 1) retried.resolve();
        return Promise.reject(new GaugewayError('source_unreadable', 'not yet'));
      },
      close: () => Promise.resolve(),
    };
    const sink = new RecordingSink();
    const refused = new PrometheusCollector(`http://127.0.0.1:${port}`, undefined);
    const sampling = new Sampling([refused, unreachable], sink, logger);
    await sampling.open(never);
    sampling.start();
    await retried.promise;
    await sampling.close();
    server.close();
    expect(asked).toBe(1);
    expect(sink.gaps.filter(({ source }) => source === 'prometheus')).toHaveLength(1);
  });

  test.each([
    ['is not there at all', new NotApplicableError('process 1 is not Node')],
    ['is refused for good', new GaugewayError('forbidden', 'a token that may read metrics is needed')],
  ])('is not tried again when it %s', async (_, error) => {
    let opened = 0;
    const collector: Collector = {
      source: 'node',
      target: 'gateway',
      everyMs: 0,
      open: () => {
        opened += 1;
        return Promise.reject(error);
      },
      close: () => Promise.resolve(),
    };
    const sink = new RecordingSink();
    const other = new (class extends PrometheusCollector {
      attempts = 0;
      override async open(): Promise<void> {
        this.attempts += 1;
        if (this.attempts > 1) twice.resolve();
        throw new GaugewayError('source_unreadable', 'not yet');
      }
    })('http://127.0.0.1:1', undefined);
    const twice = Promise.withResolvers<void>();
    const sampling = new Sampling([collector, other], sink, logger);
    await sampling.open(never);
    sampling.start();
    await twice.promise;
    await sampling.close();
    expect(opened).toBe(1);
    expect(sink.gaps.filter(({ source }) => source === 'node')).toHaveLength(1);
  });
});
