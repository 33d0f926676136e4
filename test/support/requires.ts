import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What looking for something that a test needs gave: where it is, or one line that says why the test is left out. */
export type Requirement = { path: string; missing?: undefined } | { path?: undefined; missing: string };

/** Debian puts servers where an ordinary user's PATH does not look, those of PostgreSQL in one folder per version. */
const serverFolders = (): string[] => [
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed(),
];

/** Looks for the first of `names` that can be executed, on PATH and where servers live. */
export function findProgram(...names: string[]): Requirement {
  return findProgramIn([], ...names);
}

/** As {@link findProgram}, and last in folders of the program's own. */
export function findProgramIn(ownFolders: readonly string[], ...names: string[]): Requirement {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const folders = [...onPath, ...serverFolders(), ...ownFolders];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutable(path)) return { path };
    }
  }
  return { missing: `${names.join(' or ')} is not installed` };
}

/**
 * A title for `describe.skipIf(found.missing)(title('Redis cache', found), …)` that carries the reason, which the
 * summary of the run prints and GAUGEWAY_TEST_REQUIRE_ALL=1 turns into a failure.
 */
export function title(name: string, ...requirements: Requirement[]): string {
  const reasons = requirements.flatMap(({ missing }) => missing ?? []);
  return reasons.length === 0 ? name : `${name} [skipped: ${reasons.join(', ')}]`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
