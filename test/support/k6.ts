import { homedir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { findProgramIn } from './requires.ts';
import type { Requirement } from './requires.ts';

/** k6 on PATH, or where `go install` puts it. */
export function findK6(): Requirement {
  const { GOBIN, GOPATH = join(homedir(), 'go') } = process.env;
  return findProgramIn([GOBIN ?? join(GOPATH, 'bin')], 'k6');
}

/** Runs a script to its end. The exit code is 99 when a threshold of the script was broken. */
export async function runK6(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: unknown; output: string }> {
  const child = spawn(program, ['run', '--no-usage-report', '--quiet', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code], out, errors] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, output: out + errors };
}
