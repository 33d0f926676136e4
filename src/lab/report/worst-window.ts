import type { Artifacts, ArtifactSlots, Slot, Timed } from '../diagnose/artifacts.ts';
import { loadSamplesIn } from '../diagnose/computed/window.ts';
import { summarizeLoad } from '../load/load-statistics.ts';
import type { ObservedLoad } from '../timeline/samples.ts';

/** The requests of one profile window. */
export interface LoadedWindow {
  startMs: number;
  endMs: number;
  p99Ms: number;
  rps: number;
  users: number;
}

/** The profile window whose requests were the slowest, and a quiet one at the same load to hold it against. */
export interface WindowComparison {
  worst: LoadedWindow;
  quiet: LoadedWindow;
}

/** What is to be known of a profile window. */
type ProfiledWindow = Pick<Artifacts['profiles'][number], 'pid' | 'thread' | 'role' | 'startMs' | 'endMs'>;

/** A 99th percentile of fewer requests is one request. */
const fewestRequests = 20;
/** Users of the quiet window may differ from those of the worst by this share: other load, other work. */
const otherLoad = 0.2;
/** The worst is worth a look when its p99 is this many times the quiet one's. */
const worthwhile = 1.25;

/**
 * Finds the two among the profile windows of a run. Undefined when there are no two windows with enough requests, when
 * they are all alike, and where the load has no distribution of its latencies. Pure.
 */
export function compareWindows({
  profiles,
  load,
}: {
  profiles: Slot<readonly ProfiledWindow[]>;
  load: ArtifactSlots['load'];
}): WindowComparison | undefined {
  if (profiles.status !== 'ok' || load.status !== 'ok') return undefined;
  const samples = [...load.value.values()].flat();
  const loaded = spansOf(profiles.value).flatMap((span) => loadedWindow(span, samples));
  const worst = loaded.toSorted((a, b) => b.p99Ms - a.p99Ms)[0];
  if (worst === undefined) return undefined;
  const quiet = loaded
    .filter((each) => each !== worst && Math.abs(each.users - worst.users) <= worst.users * otherLoad)
    .toSorted((a, b) => a.p99Ms - b.p99Ms)[0];
  return quiet !== undefined && worst.p99Ms >= quiet.p99Ms * worthwhile ? { worst, quiet } : undefined;
}

/** Windows of one process and thread, the one with the most: those of the others run beside them. */
function spansOf(profiles: readonly ProfiledWindow[]): { startMs: number; endMs: number }[] {
  const gateways = profiles.filter(({ role }) => role === undefined || role === 'gateway');
  const byThread = Map.groupBy(gateways, ({ pid, thread }) => `${pid} ${thread ?? 'main'}`);
  return [...byThread.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

function loadedWindow(
  { startMs, endMs }: { startMs: number; endMs: number },
  samples: readonly Timed<ObservedLoad>[],
): LoadedWindow[] {
  const inside = loadSamplesIn(samples, { startMs, endMs, steady: true });
  const { p99Ms, requests, rps } = summarizeLoad(inside);
  if (p99Ms === null || requests < fewestRequests) return [];
  const users = inside.reduce((sum, { data }) => sum + data.users, 0) / inside.length;
  return [{ startMs, endMs, p99Ms, rps, users }];
}
