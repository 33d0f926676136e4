import { describe, expect, test } from 'vitest';
import { paramsWith, parseClientMessage, stringParam } from './client-message.ts';

describe('a message is', () => {
  test('a request with method and id, whatever the order of its members', () => {
    const message = parseClientMessage('{"id":"a\\"b","method":"tools/list","jsonrpc":"2.0"}');
    expect(message).toMatchObject({
      kind: 'request',
      method: 'tools/list',
      idJson: '"a\\"b"',
      params: undefined,
    });
  });

  test('a notification without an id', () => {
    const message = parseClientMessage('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect(message).toMatchObject({ kind: 'notification', idJson: 'null' });
  });

  test('a response with a result or an error instead of a method', () => {
    expect(parseClientMessage('{"jsonrpc":"2.0","id":1,"result":{}}').kind).toBe('response');
    expect(parseClientMessage('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}').kind).toBe(
      'response',
    );
  });
});

test.each([
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'],
  ['no version', '{"id":1,"method":"ping"}'],
  ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
  ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":1}'],
  ['params that are an array', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}'],
  ['neither method nor result', '{"jsonrpc":"2.0","id":1}'],
  ['two ids', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'],
  ['two names', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}'],
  [
    'a second name in disguise',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\\u0061me":"b"}}',
  ],
])('%s is refused', (_what, text) => {
  expect(() => parseClientMessage(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

describe('what is relayed', () => {
  const params =
    '{ "x":1.0e3, "name" : "lab-echo","arguments":{"name":"inner","big":123456789012345678901234567890,"a":1,"a":2}}';
  const message = parseClientMessage(
    `{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":${params}}`,
  );

  test('is the text of params with nothing but the name exchanged', () => {
    expect(paramsWith(message, message.routing.name, '"echo"')).toBe(params.replace('"lab-echo"', '"echo"'));
  });

  test('keeps an id beyond the integers of JavaScript', () => {
    expect(message.idJson).toBe('9007199254740993');
  });

  test('is an empty object when there were no params', () => {
    const bare = parseClientMessage('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    expect(paramsWith(bare, undefined, '')).toBe('{}');
  });
});

const withParam = (key: string, json: string) =>
  parseClientMessage(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"${key}":${json}}}`);

test('a name is read with its escapes resolved, and only when it is a string', () => {
  expect(stringParam(withParam('name', '"\\u0065cho"'), 'name')).toBe('echo');
  expect(stringParam(withParam('name', '17'), 'name')).toBeUndefined();
});

test('_meta is parsed when it is an object', () => {
  expect(withParam('_meta', '{"a":{"b":[1]}}').meta).toEqual({ a: { b: [1] } });
  expect(withParam('_meta', '[]').meta).toBeUndefined();
});
