import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ListeningSocket } from '../../../shared/listening-ports.ts';
import { readProcStat } from '../../../shared/proc-files.ts';

/** How long a blocked process is waited for. */
const blockedPatienceMs = 3_600_000;

/**
 * Sees to it that an inspector which a blocked process may still open is closed again, also when this lab has ended by
 * then: a process of its own waits for it, so long at most. `before` are the sockets that the process listened on.
 */
export async function closeWhenBack(
  pid: number,
  before: readonly ListeningSocket[],
  patienceMs = blockedPatienceMs,
): Promise<void> {
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
