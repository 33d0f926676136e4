import { sleep } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { isWaitedFor } from './close-when-back.ts';
import { describeThread, pendingWakeUps, readChildren, readMainThreadState } from './thread-states.ts';

/** So long in the same call is no work any more that would have ended by itself meanwhile. */
const blockedMs = 300;
const looks = 4;

/**
 * In these an event loop waits for its next event, and `Atomics.wait` and the engine's own locks for a wake-up: V8 takes
 * the request of an inspector out of all of them.
 */
const answering = /^(?:epoll_p?wait|futex)|^(?:do_)?e(?:p_poll|poll_wait)|^futex/;

/**
 * Throws GaugewayError source_unreadable with the name of the call when the main thread of a process is blocked in one:
 * it would open its inspector only when it comes back, when nobody waits for it any more.
 */
export async function requireUnblocked(pid: number): Promise<void> {
  let place: string | undefined;
  for (let look = 0; look < looks; look += 1) {
    const thread = await readMainThreadState(pid);
    const here = thread.systemCall ?? thread.waitsIn;
    const waits = thread.state === 'stopped' || (thread.state !== 'running' && here !== undefined);
    if (!waits || (here !== undefined && answering.test(here))) return;
    if (place !== undefined && place !== describeThread(thread)) return;
    place = describeThread(thread);
    await sleep(blockedMs / looks);
  }
  throw new GaugewayError(
    'source_unreadable',
    `process ${pid} cannot answer: its main thread is blocked ${place}; it was not signalled`,
  );
}

/**
 * Throws GaugewayError source_unreadable when a process was signalled before, by whichever lab, and its event loop has not
 * turned since: another signal would do nothing, and its wake-up could not be told from the first one.
 */
export async function requireNotSignalled(pid: number): Promise<void> {
  // A worker that is busy leaves wake-ups, too, and does not keep the process from opening its inspector.
  const stuck = await whyStuck(pid, new Set());
  if (stuck === undefined || !(await isWaitedFor(pid))) return;
  throw new GaugewayError('source_unreadable', `${stuck}; it was signalled before, and not again`);
}

/**
 * Says why a process that was signalled does not answer, when its event loop does not turn: wake-ups that were asked for
 * since `before` are still there. Undefined when it turns.
 */
export async function whyStuck(pid: number, before: ReadonlySet<string>): Promise<string | undefined> {
  const pending = [...(await pendingWakeUps(pid))].filter((number) => !before.has(number));
  if (pending.length === 0) return undefined;
  await sleep(blockedMs);
  const still = await pendingWakeUps(pid);
  if (!pending.some((number) => still.has(number))) return undefined;
  return `process ${pid} does not answer: ${await describeMainThread(pid)}. Its inspector closes again when it comes back`;
}

/** What the main thread of a process is in, and its children, as a call like `execSync` waits for one. */
export async function describeMainThread(pid: number): Promise<string> {
  const [thread, children] = await Promise.all([readMainThreadState(pid), readChildren(pid)]);
  const place = `its main thread is ${describeThread(thread)}`;
  return children.length === 0 ? place : `${place}, with ${children.slice(0, 3).join(', ')} as its child`;
}
