import type { SystemThread, ThreadNow } from '../profiler.ts';
import { describeThread, readThreadStates } from '../node/thread-states.ts';
import type { PythonThread } from './py-spy-dump.ts';
import { threadIdsHere } from './py-spy-view.ts';
import { mainThread } from './read-raw.ts';

/** What the event loop of asyncio, and those that servers bring along, wait in when nothing is to be done. */
const eventLoopFiles = /[/\\](?:selectors|select|uvloop[/\\].*|asyncio[/\\].*)\.py$|[/\\]uvloop[/\\]/;

/** Python's stacks with what the kernel says that each thread is in, the main one first. Throws ProcessEndedError. */
export async function pythonNow(pid: number, threads: readonly PythonThread[]): Promise<ThreadNow[]> {
  const here = await threadIdsHere(pid);
  const states = await readThreadStates(
    pid,
    threads.flatMap(({ threadId }) => here.get(threadId) ?? []),
  );
  const stateOf = new Map(states.map((state) => [state.threadId, state]));
  return threads
    .map((thread) => threadNow(thread, stateOf.get(here.get(thread.threadId) ?? 0)))
    .toSorted((a, b) => Number(b.thread === 'main') - Number(a.thread === 'main'));
}

function threadNow(
  { pid, name, threadId, isActive, ownsGil, stack }: PythonThread,
  system: SystemThread | undefined,
): ThreadNow {
  // Until Python has set up threads, the main one has no name.
  const isMain = name === mainThread || (name === '' && threadId === pid);
  const thread = isMain ? 'main' : name || `thread ${threadId}`;
  const gil = ownsGil ? ' with the interpreter lock' : '';
  if (isActive) return { thread, state: 'running', busyShare: 1, stack, says: `running${gil}` };
  const state = eventLoopFiles.test(stack[0]?.file ?? '') ? 'idle' : 'blocked';
  const place = system === undefined ? '' : ` ${describeThread(system)}`;
  const says = `${state === 'idle' ? 'waits for events' : 'blocked'}${place}${gil}`;
  return { thread, state, busyShare: 0, stack, ...(system === undefined ? {} : { system }), says };
}
