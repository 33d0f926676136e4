import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });
const packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

/** What is built from, and published beside what is built. */
const packedFrom = ['bin', 'docs', 'scripts', 'src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/** The package in a project that has nothing else installed, as a user has it. */
export interface InstalledPackage {
  /** Folder of the project. */
  readonly project: string;
  /** The command, as npm links it. */
  readonly command: string;
  /** Paths of all files within the package. */
  readonly files: readonly string[];
}

/**
 * Packs a copy of this checkout with `npm`, which builds it, and installs the package in `folder`. No registry is
 * asked: of this checkout's packages the project sees those that the package declares, and no other.
 */
export async function installPackage(npm: string, folder: string): Promise<InstalledPackage> {
  const copy = join(folder, 'copy');
  await mkdir(copy);
  for (const name of packedFrom) await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { stdout } = await run(npm, ['pack', '--json', '--silent', '--offline'], {
    cwd: copy,
    // What an npm around the tests says of its own project is not for this one.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  });
  const [{ filename, files }] = packed.parse(JSON.parse(stdout));

  const project = join(folder, 'project');
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'gaugeway');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(copy, filename), '-C', installed, '--strip-components=1']);
  const { dependencies } = manifest.parse(
    JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')),
  );
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  const command = join(modules, '.bin', 'gaugeway');
  await mkdir(dirname(command));
  await symlink(join('..', 'gaugeway', 'bin', 'gaugeway'), command);
  return { project, command, files: files.map(({ path }) => path) };
}
