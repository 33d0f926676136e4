import type { Agent } from 'undici';
import { nowMs, sleep } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import {
  type ListeningSocket,
  listeningSockets,
  ownListeningSockets,
} from '../../../shared/listening-ports.ts';
import type { Logger } from '../../../shared/logger.ts';
import { readProcLink } from '../../../shared/proc-files.ts';
import { type LabPatience, oneAmongLabs } from './among-labs.ts';
import { type Attachable, requireAttachable, signalToOpen } from './attachable.ts';
import { describeMainThread, requireNotSignalled, requireUnblocked, whyStuck } from './blocked.ts';
import { closeWhenBack } from './close-when-back.ts';
import { findInspector, type FoundInspector, inspectorClosed } from './find-inspector.ts';
import { holdWorkers } from './hold-workers.ts';
import { InspectorClient } from './inspector-client.ts';
import { inspectorOptionsOf } from './inspector-options.ts';
import { reachLoopback } from './loopback-reach.ts';
import { pendingWakeUps } from './thread-states.ts';
import { injected } from './vitals.ts';

/** Where a process can be debugged, and whether it was us who opened it (and hence close it again). */
export interface OpenInspector extends FoundInspector {
  openedByUs: boolean;
  /** It opened on a free port, as it was told to. */
  onAnyPort: boolean;
  /** The way there; whoever got this closes it. */
  reach: Agent;
}

const attempts = 4;
const openTimeoutMs = 2000;
/** For what listens already and does not answer yet. */
const answerTimeoutMs = 8000;
/** How long a process that is not blocked, but opens its inspector too late, is waited for to close it again. */
const latePatienceMs = 15_000;
const portTimeoutMs = 3000;
const pollMs = 20;

/** All processes of a network namespace open their inspector on the same port: one at a time, then. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Finds the inspector of a Node process, or opens it with SIGUSR1 on loopback. One that was open is used as it is;
 * one that was opened moves to a free port at once, so that the well-known one is free for the next process.
 * Throws GaugewayError `usage` when the process may not be signalled, `source_unreadable` otherwise: also when its main
 * thread is blocked; should it open its inspector when it comes back, that is closed again.
 */
export async function openInspector(
  pid: number,
  options: { signal: AbortSignal; logger: Logger; patience: LabPatience },
): Promise<OpenInspector> {
  const mine = turn.then(() => openInTurn(pid, options));
  turn = mine.catch((error: unknown) => {
    options.logger.debug('no inspector', { pid, error: messageOf(error) });
  });
  return mine;
}

/** How long an inspector may be waited for. */
interface Waiting {
  signal: AbortSignal;
  patience: LabPatience;
}

async function openInTurn(pid: number, waiting: Waiting): Promise<OpenInspector> {
  const process = await requireAttachable(pid);
  const reach = await reachLoopback(pid);
  try {
    return { ...(await findOrOpen(process, reach, waiting)), reach };
  } catch (error) {
    await reach.destroy();
    throw error;
  }
}

async function findOrOpen(
  process: Attachable,
  reach: Agent,
  { signal, patience }: Waiting,
): Promise<Omit<OpenInspector, 'reach'>> {
  const { pid } = process;
  const { port, startedWithInspector } = await inspectorOptionsOf(pid);
  const before = await ownListeningSockets(pid);
  const usual = startedWithInspector ? before : before.filter((socket) => socket.port === port);
  const open = await findInspector(usual, reach);
  if (open) return { ...open, openedByUs: false, onAnyPort: false };

  const workers = await holdWorkers(pid, (worker) => openInTurn(worker, { signal, patience }));
  let opened: Omit<OpenInspector, 'reach'> | undefined;
  try {
    opened = await openBySignal(process, { port, before, reach, signal, patience });
    return opened;
  } finally {
    await workers.release(opened && { ...opened, reach });
  }
}

interface Opening extends Waiting {
  /** Where the inspector opens; 0 for any free port. */
  port: number;
  /** What the process listens on. */
  before: readonly ListeningSocket[];
  reach: Agent;
}

async function openBySignal(
  process: Attachable,
  { port, before, reach, signal, patience }: Opening,
): Promise<Omit<OpenInspector, 'reach'>> {
  const { pid } = process;
  let wakeUps = new Set<string>();
  for (let attempt = 1; attempt <= attempts && !signal.aborted; attempt += 1) {
    const opened = await oneAmongLabs(await networkOf(pid), { patience, signal }, async () => {
      await requireFreePort(pid, port, signal);
      await requireUnblocked(pid);
      await requireNotSignalled(pid);
      wakeUps = await pendingWakeUps(pid);
      if (signal.aborted) return undefined;
      signalToOpen(process);
      // From the signal on, an interrupt has to wait: who leaves now leaves an open inspector behind.
      const found = await newInspector(pid, before, reach);
      return found === undefined || port === 0 ? found : moved(pid, found, before, reach);
    });
    if (opened) return { ...opened, openedByUs: true, onAnyPort: port === 0 };
    if (signal.aborted) break;
    // Another lab can have been faster with a process of its own; then it is worth another try.
    if (port === 0 || !(await isTaken(pid, port))) break;
  }
  if (signal.aborted) throw new GaugewayError('interrupted', `attaching to process ${pid} was interrupted`);
  // The signal does nothing to an inspector that is open already, on a port of its own.
  const elsewhere = await findInspector(before, reach);
  if (elsewhere) return { ...elsewhere, openedByUs: false, onAnyPort: false };
  const stuck = await whyStuck(pid, wakeUps);
  if (stuck !== undefined) {
    await closeWhenBack(pid, before);
    throw new GaugewayError('source_unreadable', stuck);
  }
  await closeWhenBack(pid, before, latePatienceMs);
  // Another lab, which is not seen from here, can have asked for them.
  if ((await whyStuck(pid, new Set())) !== undefined) {
    throw new GaugewayError(
      'source_unreadable',
      `process ${pid} did not open its inspector on SIGUSR1: it handles the signal itself, or does not answer ` +
        `(${await describeMainThread(pid)})`,
    );
  }
  throw new GaugewayError(
    'usage',
    `process ${pid} did not open its inspector on SIGUSR1: it handles the signal itself (its handler has run once)`,
  );
}

/**
 * What cannot be moved is closed, or as soon as its process comes back. `before` are the sockets that the process listened
 * on before it was signalled.
 */
async function moved(
  pid: number,
  inspector: FoundInspector,
  before: readonly ListeningSocket[],
  reach: Agent,
): Promise<FoundInspector> {
  try {
    await askToMove(pid, inspector, reach);
    const after = await newInspector(pid, [...before, inspector.socket], reach);
    if (after !== undefined) return after;
  } catch (error) {
    if (!(await inspectorClosed(pid, inspector.socket))) await closeWhenBack(pid, before);
    throw error;
  }
  await closeWhenBack(pid, before);
  throw new GaugewayError('source_unreadable', `process ${pid} did not move its inspector`);
}

/** Throws GaugewayError `usage` for a Node that is too old for that, which has closed its inspector then. */
async function askToMove(pid: number, inspector: FoundInspector, reach: Agent): Promise<void> {
  const client = await InspectorClient.connect(inspector.url, reach);
  try {
    const version = await client.evaluate(injected.tooOld());
    if (typeof version !== 'string') {
      await client.evaluate(injected.movePort());
      return;
    }
    client.leave(injected.endInspector());
    throw new GaugewayError(
      'usage',
      `process ${pid} cannot be attached to: Node 20.16 or newer is needed, this is ${version}`,
    );
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'usage') throw error;
    client.leave(injected.endInspector());
    throw new GaugewayError(
      'source_unreadable',
      `process ${pid} cannot be attached to: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await client.close();
  }
}

/** All that share a network namespace open their inspectors on the same port. */
async function networkOf(pid: number): Promise<string> {
  return `inspector-${await readProcLink(pid, 'ns/net')}`;
}

/** Another process on the port would make the signal print an error in the target, and do nothing else. */
async function requireFreePort(pid: number, port: number, signal: AbortSignal): Promise<void> {
  if (port === 0) return;
  for (const end = nowMs() + portTimeoutMs; !signal.aborted; await sleep(pollMs, signal)) {
    if (!(await isTaken(pid, port))) return;
    if (nowMs() > end) {
      throw new GaugewayError(
        'source_unreadable',
        `process ${pid} was not signalled: port ${port}, where its inspector would open, is in use. ` +
          'Close the debugger there, or start the process with NODE_OPTIONS=--inspect-port=0',
      );
    }
  }
}

async function isTaken(pid: number, port: number): Promise<boolean> {
  return (await listeningSockets(pid)).some((socket) => socket.port === port);
}

async function newInspector(
  pid: number,
  before: readonly ListeningSocket[],
  reach: Agent,
): Promise<FoundInspector | undefined> {
  const known = new Set(before.map(({ inode }) => inode));
  const startMs = nowMs();
  for (let limitMs = openTimeoutMs; nowMs() - startMs < limitMs; await sleep(pollMs)) {
    const sockets = (await ownListeningSockets(pid)).filter(({ inode }) => !known.has(inode));
    limitMs = sockets.length === 0 ? openTimeoutMs : answerTimeoutMs;
    const inspector = await findInspector(sockets, reach);
    if (inspector) return inspector;
  }
  return undefined;
}
