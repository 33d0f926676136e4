import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { sleep } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { readProcStat } from '../../../shared/proc-files.ts';
import type { Frame } from '../../profile/profile.ts';
import { mayPass, pySpyError } from './py-spy-error.ts';
import type { PySpyView } from './py-spy-view.ts';

/** What one Python thread was doing when it was looked at. */
export interface PythonThread {
  pid: number;
  /** Python's name of it, e.g. `MainThread`; empty when it has none. */
  name: string;
  threadId: number;
  /** It was running or ready to run, and did not wait for the system. */
  isActive: boolean;
  /** It held the global interpreter lock. */
  ownsGil: boolean;
  /** Innermost first; `line` is where each function is now. */
  stack: Frame[];
}

const limitMs = 30_000;
const maxBytes = 64 * 1024 * 1024;
const run = promisify(execFile);
/**
 * A look without pausing fails when the stacks change under it, or when Python has only just started: the next one
 * succeeds.
 */
const mostLooks = 3;
const betweenLooksMs = 200;

/**
 * Looks once at all threads of a Python process, by default without pausing it. Throws GaugewayError usage or
 * source_unreadable with the remedy, interrupted on `signal`, and ProcessEndedError.
 */
export async function dumpPython(
  pid: number,
  view: PySpyView,
  { signal, native = false, subprocesses = false }: DumpOptions,
): Promise<PythonThread[]> {
  const how = native ? ['--native'] : ['--nonblocking'];
  const args = [
    ...view.args,
    ...`dump --pid ${view.pid} --json`.split(' '),
    ...how,
    ...(subprocesses ? ['--subprocesses'] : []),
  ];
  for (let looks = 1; ; looks += 1) {
    try {
      const { stdout } = await run(view.command, args, {
        signal,
        timeout: limitMs,
        killSignal: 'SIGKILL',
        maxBuffer: maxBytes,
      });
      return threadsOf(stdout);
    } catch (error) {
      if (signal.aborted) {
        throw new GaugewayError('interrupted', `interrupted while looking at process ${pid}`);
      }
      if (!(error instanceof Error && 'stderr' in error)) throw error;
      const output = String(error.stderr);
      if (looks === mostLooks || !mayPass(output)) throw await pySpyError(pid, view.program, output);
      // Of a process that has ended, the next look would say nothing else.
      await readProcStat(pid);
      await sleep(betweenLooksMs, signal);
    }
  }
}

export interface DumpOptions {
  signal: AbortSignal;
  native?: boolean;
  subprocesses?: boolean;
}

function threadsOf(json: string): PythonThread[] {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value) || !value.every(isThread)) {
    throw new GaugewayError('source_unreadable', 'py-spy dump wrote something else than threads');
  }
  return value.map((thread) => ({
    pid: thread.pid,
    name: thread.thread_name ?? '',
    threadId: thread.os_thread_id ?? 0,
    isActive: thread.active,
    ownsGil: thread.owns_gil,
    stack: thread.frames.map(({ name, filename, line }) => ({ name, file: filename, line, column: 0 })),
  }));
}

/** As py-spy writes it. */
interface DumpedThread {
  pid: number;
  thread_name: string | null;
  os_thread_id: number | null;
  active: boolean;
  owns_gil: boolean;
  frames: { name: string; filename: string; line: number }[];
}

function isThread(value: unknown): value is DumpedThread {
  return (
    hasFields(value, { pid: 'number', active: 'boolean', owns_gil: 'boolean', frames: 'object' }) &&
    Array.isArray(value['frames']) &&
    value['frames'].every((frame) =>
      hasFields(frame, { name: 'string', filename: 'string', line: 'number' }),
    ) &&
    (value['thread_name'] === null || typeof value['thread_name'] === 'string') &&
    (value['os_thread_id'] === null || typeof value['os_thread_id'] === 'number')
  );
}

function hasFields(value: unknown, types: Record<string, string>): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.entries(types).every(([name, type]) => typeof Reflect.get(value, name) === type)
  );
}
