import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createLogger } from '../../src/shared/logger.ts';
import type { Profile } from '../../src/lab/profile/profile.ts';
import { stackOf } from '../../src/lab/profile/frame-label.ts';
import { openProfiler, type ProfilerOptions } from '../../src/lab/profilers/open-profiler.ts';
import type { CpuProfiler } from '../../src/lab/profilers/profiler.ts';

/** A program that is profiled, and that says on stdout what it does. */
export interface SampledProgram extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the next line that it prints from now on. */
  line(): Promise<string>;
  readonly hasEnded: () => boolean;
  kill(): Promise<void>;
}

/** Starts a program and waits for its first line. */
export async function startProgram(command: string, args: readonly string[]): Promise<SampledProgram> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const line = async (): Promise<string> => {
    const [text] = await Promise.race([once(lines, 'line'), exited.then(() => [])]);
    if (typeof text !== 'string') throw new Error(`${command} has ended`);
    return text;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  await line();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has not started`);
  return {
    pid,
    line,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** Attaches what profiles the process, 100 times a second. */
export async function profilerOf(
  pid: number,
  options: Partial<ProfilerOptions> = {},
): Promise<CpuProfiler & AsyncDisposable> {
  const profiler = await openProfiler(pid, {
    logger: createLogger('silent'),
    signal: new AbortController().signal,
    rateHz: 100,
    ...options,
  });
  return Object.assign(profiler, { [Symbol.asyncDispose]: () => profiler.close() });
}

/** The part of all time in which a function was on the stack, 0 to 1; idle time left out. */
export function shareOf(profile: Profile | undefined, name: string): number {
  if (profile === undefined) throw new Error('there is no profile');
  let inside = 0;
  let all = 0;
  profile.nodes.forEach(({ self }, index) => {
    const names = stackOf(profile, index).map((frame) => profile.frames[frame]?.name);
    if (names.includes('(idle)')) return;
    all += self;
    if (names.includes(name)) inside += self;
  });
  return inside / all;
}
