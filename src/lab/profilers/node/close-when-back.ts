import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ListeningSocket } from '../../../shared/listening-ports.ts';
import { readProcFile, readProcStat, unlessUnreadable } from '../../../shared/proc-files.ts';

/** How long a blocked process is waited for. */
const blockedPatienceMs = 3_600_000;

/**
 * Sees to it that an inspector which a blocked process may still open is closed again, also when this lab has ended by
 * then: a process of its own waits for it, so long at most; one that does already is enough. `before` are the sockets that
 * the process listened on.
 */
export async function closeWhenBack(
  pid: number,
  before: readonly ListeningSocket[],
  patienceMs = blockedPatienceMs,
): Promise<void> {
  if (await isWaitedFor(pid, patienceMs)) return;
  const { startTicks } = await readProcStat(pid);
  // Built, it is a module of JavaScript; in a checkout Node runs the source.
  const entry = new URL('./late-inspector.ts', import.meta.url);
  const path = fileURLToPath(entry).replace(/\.ts$/, extname(fileURLToPath(import.meta.url)));
  const words = [
    path,
    String(pid),
    String(startTicks),
    String(patienceMs),
    before.map(({ inode }) => inode).join(),
  ];
  spawn(process.execPath, words, {
    stdio: 'ignore',
    detached: true,
    env: { PATH: process.env['PATH'] },
  }).unref();
}

/**
 * Whether an inspector that a process may still open is waited for, by this lab or another one that has signalled it: for
 * `patienceMs` in all, or more. By default, that is a process which was found to be blocked.
 */
export async function isWaitedFor(pid: number, patienceMs = blockedPatienceMs): Promise<boolean> {
  const { startTicks } = await readProcStat(pid);
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = await unlessUnreadable(() => readProcFile(Number(entry), 'cmdline'));
    const [, script = '', ...numbers] = (commandLine ?? '').split('\0');
    if (!/^late-inspector\.[jt]s$/.test(basename(script))) continue;
    const [ofPid, ofStartTicks, waitsMs = 0] = numbers.map(Number);
    if (ofPid === pid && ofStartTicks === startTicks && waitsMs >= patienceMs) return true;
  }
  return false;
}
