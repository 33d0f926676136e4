import { execFile, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { Agent } from 'undici';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { readProcLink } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';

const execute = promisify(execFile);

/** What listens there may be anything; an inspector says in far less what it debugs. */
const limits = { maxResponseSize: 64 * 1024 };

/**
 * Runs in the other network namespace: joins the lab's end of a socket pair, which has no name and hence nobody else
 * can reach, with one address there. Ends with either side.
 */
const relay = `
const { Socket, connect } = require('node:net');
const lab = new Socket({ fd: 3 });
const there = connect(Number(process.argv[1]), process.argv[2]);
const end = () => process.exit();
lab.on('error', end).on('close', end);
there.on('error', end);
lab.pipe(there).pipe(lab);
`;

/** Whether a process has a loopback of its own: it runs in another network namespace, as most containers do. */
async function hasOwnLoopback(pid: number): Promise<boolean> {
  const [theirs, ours] = await Promise.all([
    readProcLink(pid, 'ns/net'),
    readProcLink(process.pid, 'ns/net'),
  ]);
  return theirs !== ours;
}

/** Why the loopback of a process cannot be reached from here; undefined when it can. Throws as {@link readProcLink} does. */
export async function whyLoopbackUnreachable(pid: number): Promise<string | undefined> {
  if (!(await hasOwnLoopback(pid))) return undefined;
  try {
    await execute('nsenter', [networkOf(pid), '--', 'true']);
    return undefined;
  } catch (error) {
    const reason = hasErrorCode(error, 'ENOENT')
      ? 'nsenter (Debian: util-linux) is not installed'
      : messageOf(error).trim().split('\n').at(-1);
    return `runs in another network namespace (a container), which only root (CAP_SYS_ADMIN) can enter: ${reason}`;
  }
}

/**
 * The way to the loopback of a process, for HTTP and WebSocket of undici. Into another network namespace it goes through
 * a relay of ours for each connection, which nothing listens for. Close it when it is no longer needed.
 */
export async function reachLoopback(pid: number): Promise<Agent> {
  if (!(await hasOwnLoopback(pid))) return new Agent(limits);
  return new Agent({
    ...limits,
    connect: ({ hostname, port }, callback) => {
      const words = [networkOf(pid), '--', process.execPath, '-e', relay, '--', port, hostname];
      const child = spawn('nsenter', words, {
        // The fourth is a socket pair, which can be read and written at both ends.
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
        env: { PATH: process.env['PATH'] },
      });
      const socket = child.stdio[3];
      const failed = new GaugewayError('source_unreadable', `process ${pid}: its network cannot be entered`);
      if (!(socket instanceof Socket)) return callback(failed, null);
      child.once('error', (error) => socket.destroy(error));
      // Undici expects the answer later, as a real connection takes its time.
      setImmediate(() => callback(null, socket));
    },
  });
}

function networkOf(pid: number): string {
  return `--net=/proc/${pid}/ns/net`;
}
