import type { PreparedScenario, PreparedStep } from './preparation.ts';

/**
 * How the requests that tasks make are meant to be shared (0..1), by the name under which each is counted. What users do
 * at their start and end is not in it.
 */
export function sharesOf(scenarios: readonly PreparedScenario[]): { name: string; share: number }[] {
  const expected = new Map<string, number>();
  const add = (name: string, count: number): void =>
    void expected.set(name, (expected.get(name) ?? 0) + count);
  const users = sum(scenarios.map(({ weight }) => weight));
  for (const scenario of scenarios) {
    const tasks = sum(scenario.tasks.map(({ weight }) => weight));
    for (const { name, weight, steps, code } of scenario.tasks) {
      const chance = (scenario.weight / users) * (weight / tasks);
      if (code !== undefined) add(name, chance);
      for (const step of steps) for (const each of requestsOf(step)) add(each.name, chance * each.share);
    }
  }
  const total = sum([...expected.values()]);
  return [...expected].map(([name, count]) => ({ name, share: total === 0 ? 0 : count / total }));
}

function requestsOf(step: PreparedStep): { name: string; share: number }[] {
  switch (step.kind) {
    case 'pool':
      return step.calls.map(({ name }) => ({ name, share: 1 / step.calls.length }));
    case 'mcp':
    case 'rpc':
    case 'http':
      return [{ name: step.name, share: 1 }];
    case 'think':
    case 'session':
      return [];
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
