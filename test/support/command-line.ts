import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runAs, type ServiceAccount } from '../../src/stack/service-account.ts';

const launcher = join(import.meta.dirname, '..', '..', 'bin', 'gaugeway');

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: Readonly<Record<string, string>>;
  /** Runs it as another user, who has to be able to enter this checkout. */
  account?: ServiceAccount;
  /** Sends SIGINT once stderr matches. */
  interruptWhen?: RegExp;
  /** Runs once stderr matches; given the pid of the command. */
  when?: { seen: RegExp; run: (pid: number) => Promise<void> };
  /** Runs while the command does; given its pid. */
  meanwhile?: (pid: number) => Promise<void>;
}

/** Runs `bin/gaugeway` as a user would and waits for its end. */
export function gaugeway(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', ...options.env };
  for (const name of ['DATABASE_URL', 'GAUGEWAY_TOKEN', 'NODE_OPTIONS']) delete environment[name];
  const child = spawn(process.execPath, [launcher, ...args], {
    ...runAs(options.account),
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let { interruptWhen, when } = options;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (interruptWhen?.test(stderr)) {
      interruptWhen = undefined;
      child.kill('SIGINT');
    }
    if (when?.seen.test(stderr)) {
      when.run(child.pid ?? 0).catch(reject);
      when = undefined;
    }
  });
  options.meanwhile?.(child.pid ?? 0).catch(reject);
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, stdout, stderr }));
  return promise;
}
