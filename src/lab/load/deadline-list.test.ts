import { describe, expect, it } from 'vitest';
import { DeadlineList } from './deadline-list.ts';
import type { Timed } from './deadline-list.ts';

/** Something that may take only so long; resolves when its time is over. */
class Task implements Timed {
  deadlineMs = 0;
  previous: Timed | undefined;
  next: Timed | undefined;
  readonly #over = Promise.withResolvers<number>();

  get over(): Promise<number> {
    return this.#over.promise;
  }

  onDeadline(): void {
    this.#over.resolve(performance.now());
  }
}

describe('deadlines', () => {
  it('are told of in their order and never early', async () => {
    const list = new DeadlineList(20);
    const tasks = [new Task(), new Task(), new Task()];
    const order: number[] = [];
    for (const [index, task] of tasks.entries()) {
      list.add(task);
      void task.over.then(() => order.push(index));
    }
    for (const task of tasks) expect(await task.over).toBeGreaterThanOrEqual(task.deadlineMs);
    expect(order).toEqual([0, 1, 2]);
  });

  it.each([
    ['the first', 0],
    ['one between', 1],
    ['the last', 2],
  ])('are not told of once %s has ended', async (_which, ended) => {
    const list = new DeadlineList(20);
    const tasks = [new Task(), new Task(), new Task()];
    for (const task of tasks) list.add(task);
    const told: number[] = [];
    for (const [index, task] of tasks.entries()) void task.over.then(() => told.push(index));
    const [one] = tasks.splice(ended, 1);
    if (one !== undefined) list.remove(one);
    const after = new Task();
    list.add(after);
    await after.over;
    expect(told).toEqual([0, 1, 2].filter((index) => index !== ended));
  });

  it('are found again by a timer that one left behind that has ended', async () => {
    const list = new DeadlineList(20);
    const gone = new Task();
    list.add(gone);
    list.remove(gone);
    const task = new Task();
    list.add(task);
    expect(await task.over).toBeGreaterThanOrEqual(task.deadlineMs);
  });
});
