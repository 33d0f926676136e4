import { expect, test } from 'vitest';
import { without } from '../../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../../test/support/synthetic-run.ts';
import { Analysis, defineFact } from './facts.ts';

test('a fact is computed once per analysis, and anew for another one', () => {
  let computed = 0;
  const phaseCount = defineFact(['phases'], ({ phases }) => {
    computed += 1;
    return phases.length;
  });
  const doubled = defineFact(['phases'], (_, facts) => facts.get(phaseCount) * 2);
  const one = new Analysis(syntheticRun());
  expect([one.facts<'phases', never>().get(phaseCount), one.facts<'phases', never>().get(doubled)]).toEqual([
    4, 8,
  ]);
  expect(computed).toBe(1);
  new Analysis(syntheticRun()).facts<'phases', never>().get(phaseCount);
  expect(computed).toBe(2);
});

test('a fact over an optional artifact is undefined when the run does not have it', () => {
  const pids = defineFact(['node'], ({ node }) => [...node.keys()].length);
  expect(new Analysis(syntheticRun()).facts<never, 'node'>().find(pids)).toBe(1);
  expect(new Analysis(without(syntheticRun(), 'node')).facts<never, 'node'>().find(pids)).toBeUndefined();
});
