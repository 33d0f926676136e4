import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { CommanderError } from 'commander';
import { z } from 'zod';
import { exitCodeOf, exitCodes } from './cli/exit-codes.ts';
import { createProgram } from './cli/program.ts';
import { GaugewayError, messageOf } from './shared/errors.ts';
import { maskSecrets } from './shared/mask-secrets.ts';

try {
  await createProgram(packageVersion()).parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Read at run time, because the sources and the built package lie at different depths. */
function packageVersion(): string {
  const manifest = findPackageJSON('..', import.meta.url);
  if (manifest === undefined) throw new GaugewayError('internal', 'package.json of gaugeway not found');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8'))).version;
}

/** One line for what we expected; the stack only for what is our own fault. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  const expected = error instanceof GaugewayError;
  const text = expected || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
  process.stderr.write(`gaugeway: ${maskSecrets(text)}\n`);
  return exitCodeOf(error);
}
