import { CommanderError } from 'commander';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { packageVersion } from './package-version.ts';
import { createProgram } from './program.ts';

/**
 * Runs the command line of this process and gives its exit code. Expected failures are one line on stderr;
 * only what is our own fault shows a stack.
 */
export async function runProgram(): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endQuietlyOnClosedPipe);
  try {
    const program = await createProgram(packageVersion(), process.argv[2]);
    await program.parseAsync();
    return process.exitCode === undefined ? exitCodes.ok : Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const ours = !(error instanceof GaugewayError) && error instanceof Error;
    const text = ours ? (error.stack ?? error.message) : messageOf(error);
    process.stderr.write(`gaugeway: ${maskSecrets(text)}\n`);
    return exitCodeOf(error);
  }
}

/** A reader that has seen enough (`gaugeway … | head`) is no failure. */
function endQuietlyOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
}
