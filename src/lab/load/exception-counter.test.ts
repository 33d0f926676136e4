import { expect, it } from 'vitest';
import { ExceptionCounter } from './exception-counter.ts';

it('exceptions are counted by their message, with the traceback of the first', () => {
  const counter = new ExceptionCounter(2);
  const error = new Error('not today');
  for (let n = 0; n < 3; n += 1) counter.addError(error);
  counter.add({ message: 'not today', traceback: 'another', count: 4 });
  expect(counter.list).toEqual([{ message: 'not today', traceback: error.stack, count: 7 }]);
});

it('those of ever new messages are counted together, and no message is longer than it is kept', () => {
  const counter = new ExceptionCounter(2);
  for (let n = 0; n < 100; n += 1) counter.addError(`${n}${'x'.repeat(5_000)}`);
  expect(counter.list.map(({ message, count }) => [message.length, count])).toEqual([
    [1_000, 1],
    [1_000, 1],
    ['other exceptions'.length, 98],
  ]);
});

it('what was taken is counted anew', () => {
  const counter = new ExceptionCounter(2);
  counter.addError('a');
  expect(counter.take()).toHaveLength(1);
  expect(counter.take()).toEqual([]);
  counter.addError('a');
  expect(counter.take()).toEqual([{ message: 'a', traceback: '', count: 1 }]);
});
