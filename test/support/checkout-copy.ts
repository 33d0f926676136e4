import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasErrorCode } from '../../src/shared/system-error.ts';

const root = join(import.meta.dirname, '..', '..');
const manifest = z.object({
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

/** Copies the sources and, of the installed packages, `packages` and what they depend on, to `folder`. */
export async function copyCheckout(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['src', 'test/support', 'package.json', 'tsconfig.json']) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  const copied = new Set<string>();
  for (const name of packages) await copyPackage(name, folder, copied);
}

async function copyPackage(name: string, folder: string, copied: Set<string>): Promise<void> {
  const source = join(root, 'node_modules', name);
  const text = await readManifest(source);
  if (text === undefined || copied.has(name)) return;
  copied.add(name);
  await cp(source, join(folder, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
  const { dependencies, optionalDependencies } = manifest.parse(JSON.parse(text));
  for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) {
    await copyPackage(next, folder, copied);
  }
}

/** Undefined for an optional package of another platform. */
async function readManifest(packageFolder: string): Promise<string | undefined> {
  try {
    return await readFile(join(packageFolder, 'package.json'), 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
