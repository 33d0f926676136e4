import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { readScenario } from './read-scenario.ts';

const nines = (alias: string): string => `[${Array(9).fill(alias).join(', ')}]`;
const billion = [
  'v0: &v0 [x]',
  ...Array.from({ length: 10 }, (_, n) => `v${n + 1}: &v${n + 1} ${nines(`*v${n}`)}`),
];

test.each<[what: string, variables: string, message: RegExp]>([
  ['leads nowhere', 'a: *nothing', /Unresolved alias.*nothing/],
  ['leads to itself', 'a: &a {b: *a}', /circular/],
  ['says a billion values', billion.join('\n  '), /Excessive alias count/],
  ['is beside a nesting without end', `a: ${'['.repeat(20_000)}`, /./],
])('an alias that %s is refused with its file', async (_what, variables, message) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'aliases.yaml');
  await writeFile(file, `name: x\nvariables:\n  ${variables}\ntasks:\n  - steps: [{ request: GET /a }]\n`);
  const refused = expect(readScenario(file)).rejects;
  await refused.toMatchObject({ code: 'usage', message: expect.stringContaining(file) });
  await expect(readScenario(file)).rejects.toThrowError(message);
});
