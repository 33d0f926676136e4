import { placeAmongAll } from '../process-share.ts';
import type { ProcessShare } from '../process-share.ts';

/** The number of users goes in a straight line from that of the stage before, at first 0, to `users`. */
export interface UserStage {
  durationMs: number;
  users: number;
}

/** One user of this process begins (1) or stops (-1), so many milliseconds after the beginning. */
export interface UserChange {
  atMs: number;
  by: 1 | -1;
}

/**
 * What changes in one process, in order. There are as many users as the line, rounded up, says: the first begins with
 * the rise, the last stops with the end of the fall. Users are dealt to the processes in turn.
 */
export function* userChanges(stages: readonly UserStage[], share: ProcessShare): Generator<UserChange> {
  let from = 0;
  let beganMs = 0;
  for (const { durationMs, users: to } of stages) {
    const perUserMs = durationMs / Math.abs(to - from);
    if (to > from) {
      for (const place of ownPlaces(from, to, share))
        yield { atMs: beganMs + (place - from) * perUserMs, by: 1 };
    } else {
      for (const place of ownPlaces(to, from, share).toReversed()) {
        yield { atMs: beganMs + (from - place) * perUserMs, by: -1 };
      }
    }
    from = to;
    beganMs += durationMs;
  }
}

/** Places of this process's users within [from, to), ascending. */
function ownPlaces(from: number, to: number, share: ProcessShare): number[] {
  const places: number[] = [];
  const first = Math.max(0, Math.ceil((from - share.index) / share.processes));
  for (let own = first; placeAmongAll(own, share) < to; own += 1) places.push(placeAmongAll(own, share));
  return places;
}
