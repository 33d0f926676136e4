import type { McpMessage } from './mcp-wire.ts';
import type { Random } from './random.ts';

/** One task, ready to be sent: its bodies were made before the load began. */
export type PreparedTask =
  | { kind: 'rpc'; name: string; weight: number; variants: readonly McpMessage[] }
  | { kind: 'get'; name: string; weight: number; path: string };

/** Draws tasks by their weights. */
export class TaskPlan {
  readonly tasks: readonly PreparedTask[];
  readonly #cumulative: number[] = [];
  readonly totalWeight: number;

  constructor(tasks: readonly PreparedTask[]) {
    this.tasks = tasks;
    let sum = 0;
    for (const task of tasks) this.#cumulative.push((sum += task.weight));
    this.totalWeight = sum;
  }

  /** Undefined only when there are no tasks. */
  draw(random: Random): PreparedTask | undefined {
    const target = random() * this.totalWeight;
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulative[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return this.tasks[low];
  }
}
