import { sleep } from '../../../shared/clock.ts';
import { frameKind } from '../../profile/frame-kind.ts';
import { stackOf } from '../../profile/frame-label.ts';
import type { Frame, Profile } from '../../profile/profile.ts';
import type { ProfilingWindow, ThreadNow, ThreadProfile } from '../profiler.ts';
import { describeMainThread } from './blocked.ts';
import { labSource } from './protocol-session.ts';
import { readMainThreadState } from './thread-states.ts';

const windowMs = 100;
/** A main thread that has not answered by then is called blocked. */
const answerMs = 1000;

/**
 * What each thread does now: where a short CPU profile finds most of its time. When the main thread does not answer within a second,
 * what the kernel tells of it.
 */
export async function stackNow(pid: number, start: () => Promise<ProfilingWindow>): Promise<ThreadNow[]> {
  const answer = shortProfile(start);
  const profiles = await Promise.race([answer, sleep(windowMs + answerMs)]);
  if (profiles !== undefined) return profiles.map(threadNow);
  // It ends its window by itself when it comes back; that it may not is what is told here.
  answer.catch(() => undefined);
  const system = await readMainThreadState(pid);
  const says = `blocked: ${await describeMainThread(pid)}`;
  return [{ thread: 'main', state: 'blocked', busyShare: 0, stack: [], system, says }];
}

async function shortProfile(start: () => Promise<ProfilingWindow>): Promise<ThreadProfile[]> {
  const window = await start();
  await sleep(windowMs);
  return window.stop();
}

function threadNow({ thread, profile }: ThreadProfile): ThreadNow {
  const kindOf = (node: number): ReturnType<typeof frameKind> => frameKind(frameOf(profile, node));
  const allUs = profile.samples.reduce((sum, { weight }) => sum + weight, 0);
  const busy = profile.samples.filter(
    ({ node }) => kindOf(node) !== 'waiting' && frameOf(profile, node).file !== labSource,
  );
  const busyUs = busy.reduce((sum, { weight }) => sum + weight, 0);
  const isRunning = busy.length > 0 && profile.samples.at(-1) === busy.at(-1);
  // The garbage collector's own samples have no stack.
  const heaviest = heaviestNode(busy.filter(({ node }) => kindOf(node) !== 'gc'));
  const stack =
    heaviest === undefined
      ? []
      : stackOf(profile, heaviest)
          .toReversed()
          .flatMap((frame) => profile.frames[frame] ?? []);
  const busyShare = allUs === 0 ? 0 : busyUs / allUs;
  // What a thread that waits by now was seen in before is no stack that it waits in.
  const before = !isRunning && stack.length > 0 ? ', before that in' : '';
  return {
    thread,
    state: isRunning ? 'running' : 'idle',
    busyShare,
    stack,
    says: `${isRunning ? 'running' : 'idle'}, busy for ${Math.round(busyShare * 100)} % of the last ${windowMs} ms${before}`,
  };
}

function heaviestNode(samples: Profile['samples']): number | undefined {
  const weights = new Map<number, number>();
  for (const { node, weight } of samples) weights.set(node, (weights.get(node) ?? 0) + weight);
  return [...weights].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

function frameOf(profile: Profile, node: number): Frame {
  const frame = profile.frames[profile.nodes[node]?.frame ?? -1];
  if (frame === undefined) throw new RangeError('a sample has a node, and a node has a frame');
  return frame;
}
