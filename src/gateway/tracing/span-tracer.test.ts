import { expect, test } from 'vitest';
import { parseClientMessage } from '../../protocol/client-message.ts';
import type { RecordedSpan } from './recorded-span.ts';
import { createSpanTracer } from './span-tracer.ts';

/** The span of a notification of this method. */
function spanOf(method: string): RecordedSpan | undefined {
  const spans: RecordedSpan[] = [];
  const tracer = createSpanTracer(
    () => true,
    (span) => spans.push(span),
  );
  const message = parseClientMessage(JSON.stringify({ jsonrpc: '2.0', method }));
  tracer.begin(message, {}, 0)?.end({ method }, 1);
  return spans[0];
}

test('a method that nobody knows names no span, since it is free text', () => {
  const attributes = { 'mcp.method.name': '_OTHER' };
  expect(spanOf('my/secret?token=hunter2')).toMatchObject({ name: '_OTHER', attributes });
  expect(JSON.stringify(spanOf('my/secret?token=hunter2'))).not.toContain('secret');
  expect(spanOf('resources/read')).toMatchObject({ name: 'resources/read' });
});
