import { z } from 'zod';
import { nowMs } from '../../../shared/clock.ts';
import { labMark, type SampleQuery } from './lab-sql.ts';
import type { PostgresTarget } from './postgres-target.ts';

const serverClock = {
  sql: `select ${labMark} (extract(epoch from clock_timestamp()) * 1000)::float8 as "atMs"`,
  rows: z.tuple([z.object({ atMs: z.number() })]),
} satisfies SampleQuery<unknown>;

const tries = 3;

/** How far the server's clock is before ours, with how far off that may be at most. */
export interface ClockOffset {
  offsetMs: number;
  errorMs: number;
}

/**
 * The server's clock against the run's: it is asked three times, and the fastest answer is taken for the middle of its
 * round trip (Cristian's algorithm).
 */
export async function clockOffset(postgres: PostgresTarget): Promise<ClockOffset> {
  const offsets: ClockOffset[] = [];
  for (let asked = 0; asked < tries; asked += 1) {
    const startMs = nowMs();
    const [{ atMs }] = (await postgres.read(serverClock)).of(serverClock);
    const errorMs = (nowMs() - startMs) / 2;
    offsets.push({ offsetMs: atMs - (startMs + errorMs), errorMs });
  }
  return offsets.reduce((best, next) => (next.errorMs < best.errorMs ? next : best));
}
