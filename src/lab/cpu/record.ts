import { nowMs, sleep } from '../../shared/clock.ts';
import { mergeProfiles } from '../profile/merge-profiles.ts';
import type { Profile } from '../profile/profile.ts';
import { sliceProfile } from '../profile/slice-profile.ts';
import {
  type ProfilerName,
  profilerNames,
  type ThreadProfile,
  type WaitingFor,
} from '../profilers/profiler.ts';
import {
  type ProfiledProcess,
  type ProfiledProcesses,
  processLabel,
  type TakenWindow,
} from './profiled-processes.ts';

/** A process over all of a recording. */
export interface RecordedProcess {
  process: ProfiledProcess;
  /** The main one first. */
  threads: ThreadProfile[];
  startMs: number;
  endMs: number;
  /** CPU time of the process; null when it ended meanwhile. */
  cpuMs: number | null;
  /** What its event loop waited for at the end; null where that is not told. */
  waiting: WaitingFor | null;
}

export interface Recording {
  startMs: number;
  endMs: number;
  processes: RecordedProcess[];
  /** What has to be known of how it was taken, in sentences. */
  facts: string[];
}

export interface RecordOptions {
  /** Undefined: until `signal` aborts, or the processes have ended. */
  durationMs?: number;
  /** Ends the recording early; what was seen until then is kept. */
  signal: AbortSignal;
  /** They are of a program that has just been started: looked for often, and V8 profiles each in one window. */
  started?: boolean;
  /** Where there may be no process yet: resolves when there will be none any more. */
  ended?: Promise<unknown>;
  onProgress?: (passedMs: number) => void;
  /** After which time windows are turned, by profiler. */
  windowMs?: Partial<Record<ProfilerName, number>>;
}

/**
 * One of V8 that is lost with its process is not the whole, and none grows large in it. A profiler that is a process of
 * its own is expensive to start, and loses nothing when the profiled one ends: its windows are turned so that what it
 * writes down stays small. perf writes 8 KiB for each sample.
 */
const usualWindowMs: Record<ProfilerName, number> = { v8: 10_000, 'py-spy': 300_000, perf: 30_000 };
/** Between two looks for processes that have started; a program that was started itself has most of them at its start. */
const followEveryMs = 400;
const youngEveryMs = 50;
const youngMs = 3000;

/** Profiles what runs until the time is over, `signal` aborts, or all have ended. */
export async function recordProfiles(
  processes: ProfiledProcesses,
  options: RecordOptions,
): Promise<Recording> {
  const { durationMs = Number.POSITIVE_INFINITY, started = false } = options;
  const startMs = nowMs();
  const windows: TakenWindow[] = [];
  const over = new AbortController();
  const ended = options.ended?.then(() => over.abort());
  const until = AbortSignal.any([options.signal, over.signal]);
  const windowMs = { ...usualWindowMs, ...options.windowMs };
  const turnedMs = { v8: startMs, 'py-spy': startMs, perf: startMs };
  while (!until.aborted && (options.ended !== undefined || processes.running.length > 0)) {
    const leftMs = startMs + durationMs - nowMs();
    if (leftMs <= 0) break;
    const isYoung = started && nowMs() - startMs < youngMs;
    await sleep(Math.min(isYoung ? youngEveryMs : followEveryMs, leftMs), until);
    if (until.aborted) break;
    await processes.follow();
    options.onProgress?.(nowMs() - startMs);
    const atMs = nowMs();
    const due = profilerNames.filter(
      (name) => !(started && name === 'v8') && atMs - turnedMs[name] >= windowMs[name],
    );
    if (due.length === 0) continue;
    for (const name of due) turnedMs[name] = atMs;
    windows.push(...(await processes.turn(({ profiler }) => due.includes(profiler))));
  }
  const waiting = over.signal.aborted ? new Map<number, WaitingFor>() : await processes.waiting();
  windows.push(...(await processes.end()));
  const { facts } = processes;
  if (over.signal.aborted) await ended;
  return { startMs, endMs: nowMs(), processes: recorded(windows, waiting), facts };
}

function recorded(
  windows: readonly TakenWindow[],
  waiting: ReadonlyMap<number, WaitingFor>,
): RecordedProcess[] {
  const byProcess = Map.groupBy(windows, (window) => window.process);
  return [...byProcess].map(([process, own]) => ({
    process,
    threads: threadsOf(process, own),
    startMs: Math.min(...own.map(({ startMs }) => startMs)),
    endMs: Math.max(...own.map(({ endMs }) => endMs)),
    cpuMs: own.reduce<number | null>(
      (sum, { cpuMs }) => (sum === null || cpuMs === null ? null : sum + cpuMs),
      0,
    ),
    waiting: waiting.get(process.pid) ?? null,
  }));
}

function threadsOf(process: ProfiledProcess, windows: readonly TakenWindow[]): ThreadProfile[] {
  const byThread = new Map<string, Profile[]>();
  for (const { threads } of windows) {
    for (const { thread, profile } of threads) {
      byThread.set(thread, [...(byThread.get(thread) ?? []), profile]);
    }
  }
  return [...byThread].map(([thread, profiles]) => ({
    thread,
    profile: mergeProfiles(withoutOverlap(profiles), `${processLabel(process)}, ${thread}`),
  }));
}

/** The next window begins before the last one ends: what both have seen counts once. */
function withoutOverlap(profiles: readonly Profile[]): Profile[] {
  return profiles.flatMap((profile, at) => {
    const next = profiles[at + 1];
    if (next === undefined || next.startMs >= profile.endMs) return [profile];
    const cut = sliceProfile(profile, profile.startMs, next.startMs);
    return cut === undefined ? [] : [cut];
  });
}
