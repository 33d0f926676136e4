import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { z } from 'zod';
import { GaugewayError } from '../shared/errors.ts';

/** Version of this package; found at run time, because sources and build lie at different depths. */
export function packageVersion(): string {
  const manifest = findPackageJSON('..', import.meta.url);
  if (manifest === undefined) throw new GaugewayError('internal', 'the package.json of gaugeway is missing');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8'))).version;
}
