import type { GeneratorProcessVitals } from '../../timeline/samples.ts';
import { GeneratorMeter, recurringShare } from '../generator-limits.ts';
import type { LoadState, LocustWorker } from './locust-stats.ts';

/** A generator process: what is slow there is not slow at the target. */
export interface GeneratorState {
  id: string;
  state: LoadState;
  users: number;
  /** Of its last second; null until it has reported. */
  vitals: GeneratorProcessVitals | null;
  /** Names of the limits that it was beyond lately; then latencies look higher than they are. */
  beyondLimits: string[];
}

/** The limits are held against seconds as such: each counts the same. */
const secondMs = 1_000;

/** `recent` are the last seconds of the process, the oldest first. */
export function generatorState(
  pid: number,
  state: LoadState,
  recent: readonly GeneratorProcessVitals[],
): GeneratorState {
  const meter = new GeneratorMeter();
  for (const second of recent) meter.add(second, secondMs);
  const { state: health, limits } = meter.judgement;
  const broken = limits.filter(({ disturbedShare }) => disturbedShare >= recurringShare);
  const vitals = recent.at(-1) ?? null;
  return {
    id: `generator-${pid}`,
    state,
    users: state === 'stopped' ? 0 : (vitals?.users ?? 0),
    vitals,
    beyondLimits: health === 'sound' ? [] : broken.map(({ name }) => name),
  };
}

/** As Locust shows a worker. */
export function toLocustWorker({ id, state, users, vitals }: GeneratorState): LocustWorker {
  return {
    id,
    state,
    user_count: users,
    cpu_usage: vitals?.cpuPercent ?? 0,
    memory_usage: vitals?.rssBytes ?? 0,
  };
}
