import { type Agent, fetch } from 'undici';
import { labAgentHeader } from '../../../shared/lab-agent.ts';
import { nowMs, sleep } from '../../../shared/clock.ts';
import { type ListeningSocket, ownListeningSockets } from '../../../shared/listening-ports.ts';
import { ProcessEndedError } from '../../../shared/proc-files.ts';

/** An inspector that answers. */
export interface FoundInspector {
  url: string;
  socket: ListeningSocket;
}

/** Starting a relay into another network namespace takes part of it. */
const probeTimeoutMs = 3000;
const closeTimeoutMs = 2000;
const pollMs = 20;

/** The first of the sockets that is an inspector's. */
export async function findInspector(
  sockets: readonly ListeningSocket[],
  reach: Agent,
): Promise<FoundInspector | undefined> {
  for (const socket of sockets) {
    const path = await debuggerPath(socket, reach);
    if (path !== undefined) return { url: `ws://${socket.host}:${socket.port}${path}`, socket };
  }
  return undefined;
}

/** The path of the debugger's WebSocket; undefined when something else listens there. */
async function debuggerPath({ host, port }: ListeningSocket, reach: Agent): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${host}:${port}/json/list`, {
      headers: labAgentHeader,
      redirect: 'error',
      signal: AbortSignal.timeout(probeTimeoutMs),
      dispatcher: reach,
    });
    const targets: unknown = JSON.parse(await response.text());
    const target: unknown = Array.isArray(targets) ? targets[0] : undefined;
    if (typeof target !== 'object' || target === null || !('webSocketDebuggerUrl' in target))
      return undefined;
    return new URL(String(target.webSocketDebuggerUrl)).pathname;
  } catch (error) {
    // Whatever else listens there answers as it likes, or not at all: that is no inspector.
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException)
      return undefined;
    throw error;
  }
}

/** Resolves when the process no longer listens on that socket, or after two seconds: false then. */
export async function inspectorClosed(pid: number, socket: ListeningSocket): Promise<boolean> {
  for (const end = nowMs() + closeTimeoutMs; nowMs() < end; await sleep(pollMs)) {
    try {
      const sockets = await ownListeningSockets(pid);
      if (!sockets.some(({ inode }) => inode === socket.inode)) return true;
    } catch (error) {
      if (error instanceof ProcessEndedError) return true;
      throw error;
    }
  }
  return false;
}
