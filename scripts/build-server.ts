/**
 * Compiles src/ without the browser apps to dist/server/ and lays beside it what the program reads when it runs:
 * the documents of the rules. Begins with an empty folder, because all of dist/ is published.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const output = join(root, 'dist', 'server');

rmSync(output, { recursive: true, force: true });
execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
const documents = globSync('lab/diagnose/rules/*/*.md', { cwd: join(root, 'src') });
for (const document of documents) cpSync(join(root, 'src', document), join(output, document));
