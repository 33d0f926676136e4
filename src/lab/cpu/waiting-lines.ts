import { oneLine } from '../../shared/one-line.ts';
import { formatBytes } from '../look/quantity.ts';
import type { WaitingFor, WaitingSocket } from '../profilers/profiler.ts';
import { wrapText } from '../report/wrap-text.ts';

const mostShown = 6;

/** What an event loop waits for: nothing of it costs CPU, hence no profile has it. */
export function waitingLines(waiting: WaitingFor, columns: number): string[] {
  const { resources, sockets, moreSockets, fileRequests, timers, childProcesses } = waiting;
  const kinds = resources.map(({ type, count }) => `${count} ${type}`).join(', ');
  const groups = grouped(sockets);
  const rest = groups.length - mostShown;
  const unsentBytes = sockets.reduce((sum, each) => sum + each.unsentBytes, 0);
  const facts = [
    ...(kinds === '' ? [] : [kinds]),
    `${timers} timers, ${fileRequests} file requests`,
    ...groups.slice(0, mostShown).map(([what, count]) => `${count} × ${what}`),
    ...(rest > 0 ? [`and ${rest} other ends`] : []),
    ...(moreSockets > 0 ? [`and ${moreSockets} more sockets`] : []),
    ...(unsentBytes > 0 ? [`${formatBytes(unsentBytes)} written that nobody took yet`] : []),
    ...childProcesses.slice(0, mostShown).map(({ pid, file }) => `child process ${pid} ${file}`),
  ];
  return facts.flatMap((fact) => wrapText(oneLine(fact), columns - 2, '  ').map((line) => `  ${line}`));
}

/** Sockets by who is at the other end, the most first. */
function grouped(sockets: readonly WaitingSocket[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const socket of sockets) {
    const what = describe(socket);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}

function describe({ direction, local, remote }: WaitingSocket): string {
  if (direction === 'listen') return `listens on ${local}`;
  // Each client has a port of its own: who connects is told by what it connects to.
  return direction === 'in' ? `connected to us at ${local}` : `connected to ${remote}`;
}
