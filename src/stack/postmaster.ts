import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { nowMs, sleep } from '../shared/clock.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { serverEnvironment } from './postgres-binaries.ts';
import type { PostgresCluster } from './postgres-cluster.ts';
import { isAlive, isPostmasterOf, sendSignal } from './process-identity.ts';
import { runAs } from './service-account.ts';
import { hasErrorCode } from '../shared/system-error.ts';

const startBoundMs = 30_000;
const pollMs = 10;
const portAttempts = 3;
/** Fast shutdown writes a checkpoint; immediate shutdown only ends the processes and recovers at the next start. */
const shutdownSteps = [
  { signal: 'SIGINT', boundMs: 15_000 },
  { signal: 'SIGQUIT', boundMs: 5_000 },
  { signal: 'SIGKILL', boundMs: 5_000 },
] as const;

type Guard = ChildProcessByStdio<Writable, null, null>;

/** A running server process on a cluster. */
export interface Postmaster {
  pid: number;
  port: number;
  /** Fast shutdown, then harder ones on a bound. Idempotent. */
  stop(): Promise<void>;
}

export interface PostmasterOptions {
  cluster: PostgresCluster;
  /** Server settings (`-c name=value`). */
  settings: Readonly<Record<string, string>>;
  /** Exists. */
  logFile: string;
  logger?: Logger;
  signal?: AbortSignal;
}

/**
 * Starts the server on a free port of 127.0.0.1 and resolves when it takes connections. It has no Unix socket.
 * It ends with this process, however that ends. Throws GaugewayError unavailable with the log's last lines,
 * interrupted on `signal`.
 */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  await removeForeignPidFile(options.cluster.dataDirectory);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnPort(options, await freePort());
    } catch (error) {
      // Somebody else may take the port between our look and the server's bind.
      const taken = error instanceof GaugewayError && error.message.includes('Address already in use');
      if (!taken || attempt === portAttempts) throw error;
    }
  }
}

async function startOnPort(options: PostmasterOptions, port: number): Promise<Postmaster> {
  const { cluster, logFile, signal } = options;
  const server = await spawnServer(options, port);
  const pid = server.pid;
  if (pid === undefined) throw await startError('could not be executed', logFile);
  const guard = spawnGuard(options, pid);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopServer(server, pid, guard));
  const deadline = nowMs() + startBoundMs;
  while ((await readPidFile(cluster.dataDirectory))?.status !== 'ready') {
    if (hasEnded(server)) {
      await stop();
      throw await startError('ended while starting', logFile);
    }
    if (signal?.aborted || nowMs() > deadline) {
      await stop();
      if (signal?.aborted) throw new GaugewayError('interrupted', 'interrupted while starting PostgreSQL');
      throw await startError(`was not ready after ${startBoundMs / 1000} s`, logFile);
    }
    await sleep(pollMs, signal);
  }
  return { pid, port, stop };
}

/** Ends a server that a killed process left running on this data directory. */
export async function stopOrphan(dataDirectory: string): Promise<void> {
  const found = await readPidFile(dataDirectory);
  if (found === undefined) return;
  const directory = await realpath(dataDirectory);
  if (await isPostmasterOf(found.pid, directory)) await shutDown(() => !isAlive(found.pid), found.pid);
}

async function shutDown(ended: () => boolean, pid: number): Promise<void> {
  for (const { signal, boundMs } of shutdownSteps) {
    if (ended()) return;
    sendSignal(pid, signal);
    const deadline = nowMs() + boundMs;
    while (!ended() && nowMs() < deadline) await sleep(pollMs);
  }
  if (!ended()) throw new GaugewayError('internal', `PostgreSQL (pid ${pid}) could not be ended`);
}

async function spawnServer(options: PostmasterOptions, port: number): Promise<ChildProcess> {
  const { cluster } = options;
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(options.logFile, 'a');
  try {
    // A session of its own: Ctrl-C in the terminal is for us to pass on, in order.
    const server = spawn(cluster.binaries.postgres, ['-D', cluster.dataDirectory, ...flags], {
      ...runAs(cluster.account),
      cwd: dirname(cluster.dataDirectory),
      env: serverEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    if (server.pid === undefined)
      await once(server, 'error').then(([error]) => log.appendFile(`${messageOf(error)}\n`));
    return server;
  } finally {
    await log.close();
  }
}

/**
 * PostgreSQL does not notice when the process that started it is killed. A shell does, which waits for the end
 * of its stdin, and then asks the server, if it is still the same one, to shut down.
 */
function spawnGuard({ cluster, logger }: PostmasterOptions, pid: number): Guard {
  const script = 'cat >/dev/null; [ "$(head -n 1 "$1")" = "$2" ] && kill -INT "$2"';
  const pidFile = join(cluster.dataDirectory, 'postmaster.pid');
  const guard = spawn('/bin/sh', ['-c', script, 'gaugeway-guard', pidFile, String(pid)], {
    ...runAs(cluster.account),
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const report = (error: Error): void =>
    logger?.warn('PostgreSQL will outlive a killed gaugeway', { error: error.message });
  guard.on('error', report);
  guard.stdin.on('error', report);
  return guard;
}

async function stopServer(server: ChildProcess, pid: number, guard: Guard): Promise<void> {
  try {
    await shutDown(() => hasEnded(server), pid);
  } finally {
    guard.stdin.end();
    if (guard.pid !== undefined && !hasEnded(guard)) await once(guard, 'exit');
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** postmaster.pid: line 1 is the pid, line 8 the status (miscadmin.h, LOCK_FILE_LINE_*). */
async function readPidFile(dataDirectory: string): Promise<{ pid: number; status: string } | undefined> {
  try {
    const lines = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n');
    return { pid: Number(lines[0]), status: lines[7]?.trim() ?? '' };
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The server refuses to start while the pid in its lock file exists, even when another program has it by now. */
async function removeForeignPidFile(dataDirectory: string): Promise<void> {
  const found = await readPidFile(dataDirectory);
  if (found !== undefined && isAlive(found.pid)) {
    await rm(join(dataDirectory, 'postmaster.pid'), { force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new GaugewayError('internal', 'no free port');
  return address.port;
}

async function startError(what: string, logFile: string): Promise<GaugewayError> {
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-3);
  return new GaugewayError('unavailable', `PostgreSQL ${what}: ${lines.join(' | ')} (log: ${logFile})`);
}
