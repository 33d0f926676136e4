import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { packageManifest } from './package-manifest.ts';

/** Version of this package. */
export function packageVersion(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageManifest(), 'utf8'))).version;
}
