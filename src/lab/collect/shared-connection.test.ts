import { expect, test } from 'vitest';
import { type Connection, SharedConnection } from './shared-connection.ts';

const never = new AbortController().signal;

class Line implements Connection {
  lost = false;
  closed = 0;

  async close(): Promise<void> {
    this.closed += 1;
  }
}

test('the last user closes the connection, once', async () => {
  const line = new Line();
  const shared = new SharedConnection(async () => line);
  const [first, second] = [{}, {}];
  expect(await shared.open(first, never)).toBe(line);
  expect(await shared.open(second, never)).toBe(line);
  await shared.close(first);
  expect(line.closed).toBe(0);
  await shared.close(second);
  expect(line.closed).toBe(1);
});

test('one that is being made in the place of a lost one is closed too', async () => {
  const [lost, successor] = [new Line(), new Line()];
  const arrival = Promise.withResolvers<Line>();
  const answers = [Promise.resolve(lost), arrival.promise];
  const shared = new SharedConnection(() => answers.shift() ?? Promise.reject(new Error('no third')));
  const user = {};
  await shared.open(user, never);
  lost.lost = true;
  const remade = shared.get();
  const closing = shared.close(user);
  arrival.resolve(successor);
  await Promise.all([remade, closing]);
  expect([lost.closed, successor.closed]).toEqual([1, 1]);
});

test('an attempt that fails meanwhile does not keep the lost one open', async () => {
  const lost = new Line();
  const arrival = Promise.withResolvers<Line>();
  const answers = [Promise.resolve(lost), arrival.promise];
  const shared = new SharedConnection(() => answers.shift() ?? Promise.reject(new Error('no third')));
  const user = {};
  await shared.open(user, never);
  lost.lost = true;
  const remade = expect(shared.get()).rejects.toThrow('away');
  const closing = shared.close(user);
  arrival.reject(new Error('away'));
  await Promise.all([remade, closing]);
  expect(lost.closed).toBe(1);
});
