import { findPackageJSON } from 'node:module';
import { GaugewayError } from '../shared/errors.ts';

/** Path of this package's package.json; looked for, because sources and build lie at different depths. */
export function packageManifest(): string {
  const manifest = findPackageJSON('..', import.meta.url);
  if (manifest === undefined) throw new GaugewayError('internal', 'the package.json of gaugeway is missing');
  return manifest;
}
