import { afterEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { commandOutput } from '../../test/support/command-output.ts';
import { builtInScenarios } from '../lab/load/scenarios/built-in.ts';
import { readDefinition } from '../lab/load/scenarios/scenario-definition.ts';
import { registerScenarios } from './scenarios.ts';

/** What `gaugeway scenarios …` writes to stdout. */
const output = (...args: string[]): Promise<string> =>
  commandOutput(registerScenarios, ['scenarios', ...args]);

describe('gaugeway scenarios', () => {
  afterEach(() => vi.restoreAllMocks());

  test('lists every built-in scenario with its size and what it is', async () => {
    const text = await output();
    for (const { name, description, tasks } of builtInScenarios.values()) {
      expect(text).toMatch(new RegExp(`^${name} +${tasks.length} tasks? of (mcp|http) users\n  `, 'm'));
      expect(text).toContain(description);
    }
    expect(JSON.parse(await output('--json'))).toContainEqual({
      name: 'mcp-tools',
      description: 'tool calls only, after the handshake',
      users: 'mcp',
      tasks: 1,
    });
  });

  test('prints one as YAML or JSON that is a scenario again', async () => {
    const scenario = builtInScenarios.get('realistic');
    expect(readDefinition(parse(await output('realistic')))).toEqual(scenario);
    expect(readDefinition(JSON.parse(await output('realistic', '--json')))).toEqual(scenario);
  });

  test('names those that there are for one that there is not', async () => {
    await expect(output('unheard-of')).rejects.toThrowError("no scenario 'unheard-of': there are mcp-mixed");
  });
});
