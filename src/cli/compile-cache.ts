import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { packageManifest } from './package-manifest.ts';

/**
 * Halves the time to start. Kept beside the packages, so that only who may change the code may change what was
 * compiled from it; where that is not writable, starting just takes longer.
 */
export function useCompileCache(): void {
  enableCompileCache(join(dirname(packageManifest()), 'node_modules', '.cache', 'gaugeway'));
}
