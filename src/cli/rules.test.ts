import { afterEach, describe, expect, test, vi } from 'vitest';
import { commandOutput } from '../../test/support/command-output.ts';
import { rules } from '../lab/diagnose/rules/index.ts';
import { GaugewayError } from '../shared/errors.ts';
import { registerRules } from './rules.ts';

/** What `gaugeway rules …` writes to stdout. */
const output = (...args: string[]): Promise<string> => commandOutput(registerRules, ['rules', ...args]);

describe('gaugeway rules', () => {
  afterEach(() => vi.restoreAllMocks());

  test('lists every rule on a line of its own', async () => {
    const lines = (await output()).trimEnd().split('\n');
    expect(lines).toHaveLength(rules.length);
    for (const { id, title } of rules) {
      expect(lines.find((line) => line.includes(` ${id} `))).toContain(title);
    }
  });

  test.for(rules.map(({ id }) => id))(
    'explains %s: what, why, how to confirm, how to fix, source',
    async (id) => {
      const text = await output(id);
      expect(text.split('\n')[0]).toBe(`# ${id}`);
      expect(text.match(/^## .*/gm)).toEqual([
        '## What',
        '## Why it matters',
        '## How to confirm',
        '## How to fix',
        '## Source',
      ]);
    },
  );

  test('prints the same as JSON', async () => {
    const listed: unknown = JSON.parse(await output('--json'));
    expect(listed).toHaveLength(rules.length);
    expect(JSON.parse(await output('slow-upstream', '--json'))).toMatchObject({
      id: 'slow-upstream',
      area: 'upstream',
      requires: ['phases', 'load'],
      vetoedByGenerator: true,
      document: expect.stringContaining('# slow-upstream'),
    });
  });

  test('refuses a rule that does not exist', async () => {
    await expect(output('no-such-rule')).rejects.toThrowError(GaugewayError);
  });
});
