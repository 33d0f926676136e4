import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createLogger } from '../../shared/logger.ts';
import type { RecordedSpan } from './recorded-span.ts';
import { SpanExporter } from './span-exporter.ts';

const span: RecordedSpan = {
  traceId: 'f'.repeat(32),
  spanId: '1'.repeat(16),
  parentSpanId: undefined,
  isParentRemote: false,
  traceState: undefined,
  kind: 'server',
  name: 'ping',
  startedMs: 0,
  endedMs: 1,
  attributes: {},
  link: undefined,
  error: undefined,
};

function exporterTo(port: number): SpanExporter {
  return new SpanExporter({
    url: `http://127.0.0.1:${port}/v1/traces`,
    headers: {},
    source: { serviceName: 'test', version: '0', instanceId: 'one' },
    logger: createLogger('silent'),
    bufferSize: 2,
    intervalMs: 1,
  });
}

test('no more spans wait than the buffer has room for', async () => {
  const exporter = exporterTo(1);
  for (let count = 0; count < 5; count += 1) exporter.add(span);
  await exporter.stop(5000);
  expect(exporter.droppedSpans).toEqual({ buffer_full: 3, export_failed: 2, rejected: 0 });
});

test('those that a receiver is slow to take wait as well, until it took them', async () => {
  const receiver = createServer().listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const exporter = exporterTo(address.port);
  exporter.add(span);
  exporter.add(span);
  exporter.start();
  const [, response] = await once(receiver, 'request');
  exporter.add(span);
  expect(exporter.droppedSpans.buffer_full).toBe(1);
  receiver.on('request', (_request, next) => next.end('{}'));
  response.end('{}');
  await exporter.stop(5000);
  exporter.add(span);
  expect(exporter.exportedSpans).toBe(2);
  expect(exporter.droppedSpans).toEqual({ buffer_full: 1, export_failed: 0, rejected: 0 });
  receiver.close();
  receiver.closeAllConnections();
});
