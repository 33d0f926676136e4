import { expect, test } from 'vitest';
import { callFailure } from './call-failure.ts';
import { parseServerMessage } from './server-message.ts';

test('the result of an answer is its text, byte for byte', () => {
  const result = '{"content":[ ],"structuredContent":{"n":123456789012345678901234567890,"b":1,"a":2.50}}';
  expect(parseServerMessage(`{"result":${result},"id":5,"jsonrpc":"2.0"}`)).toEqual({
    kind: 'answer',
    idJson: '5',
    member: 'result',
    json: result,
    isError: false,
    resultTypeJson: undefined,
    error: undefined,
  });
});

test('what matters of a result is seen in passing, and only at its own level', () => {
  const answer = parseServerMessage(
    '{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","isError": true,"x":{"resultType":"no"}}}',
  );
  expect(answer).toMatchObject({ isError: true, resultTypeJson: '"input_required"' });
  expect(parseServerMessage('{"id":1,"result":{"structuredContent":{"isError":true}}}')).toMatchObject({
    isError: false,
  });
});

test.each([
  ['{"data":{"code":1,"message":"no"},"code":-32602,"mess\\u0061ge":"a \\"b\\""}', -32602, 'a "b"'],
  ['{"code":1.5,"message":["m"]}', undefined, undefined],
  [`{"code":${'[]'.padEnd(30)},"message":"m"}`, undefined, 'm'],
  [`{"code":${'9'.repeat(30)},"message":"${'m'.repeat(70_000)}"}`, undefined, undefined],
  ['{}', undefined, undefined],
])('the code and the message of an error are taken in passing, case %#', (json, code, message) => {
  expect(parseServerMessage(`{"id":1,"error":${json}}`)).toMatchObject({ json, error: { code, message } });
});

test('notifications and requests of a server are told apart', () => {
  expect(parseServerMessage('{"jsonrpc":"2.0","method":"notifications/progress","params":{}}')).toMatchObject(
    {
      kind: 'notification',
    },
  );
  expect(parseServerMessage('{"jsonrpc":"2.0","id":"s1","method":"ping"}')).toEqual({
    kind: 'request',
    method: 'ping',
    idJson: '"s1"',
  });
});

test.each([
  '<html>',
  '[]',
  '{"jsonrpc":"2.0","id":1}',
  '{"id":1,"result":{}',
  '{"id":1,"result":5}',
  '{"id":1,"result":null}',
  '{"id":1,"error":"boo"}',
  '{"id":1,"result":{},"error":{"code":1,"message":"both"}}',
  '{"id":1,"result":{},"result":{}}',
])('%j is the fault of the upstream', (text) => {
  expect(() => parseServerMessage(text)).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
});

test('a member that is null is not there', () => {
  expect(parseServerMessage('{"id":1,"result":{},"error":null}')).toMatchObject({
    member: 'result',
    json: '{}',
  });
});

test.each([
  ['{"id":1,"result":{"content":[{"type":"text","text":"fine"}]}}', null],
  [
    '{"id":1,"result":{"isError":true,"content":[{"type":"image"},{"type":"text","text":"no such file"}]}}',
    'no such file',
  ],
  ['{"id":1,"result":{"isError":true}}', 'failed without a reason'],
  ['{"id":1,"error":{"code":-32602,"message":"wrong arguments"}}', 'wrong arguments'],
  ['{"id":1,"error":{"code":-32602}}', 'failed without a reason'],
])('%s is recorded as %j', (text, failure) => {
  const answer = parseServerMessage(text);
  expect(answer.kind === 'answer' && callFailure(answer)).toBe(failure);
});
