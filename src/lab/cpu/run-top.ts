import { nowMs, sleep } from '../../shared/clock.ts';
import type { ProfiledProcesses } from './profiled-processes.ts';
import { TopTally } from './top-document.ts';
import { pressKey, type TopView } from './top-view.ts';

export interface TopOptions {
  everyMs: number;
  /** Undefined: until it is ended. */
  durationMs?: number;
  /** Where there may be no process yet: resolves when there will be none any more. */
  ended?: Promise<unknown>;
  view: TopView;
  /** Functions that wait count, too. */
  idle: boolean;
  signal: AbortSignal;
  /** Called for each refresh, and for each key that changes what is seen. */
  show: (tally: TopTally, view: TopView) => void;
  /** Where keys can be pressed: gives them to `press`, and gives what ends that. */
  listen?: (press: (key: string) => void) => () => void;
}

/** Shows what the processes do, window after window, until they have ended, the time is over or the user wants to go. */
export async function runTop(processes: ProfiledProcesses, options: TopOptions): Promise<void> {
  const { everyMs, durationMs = Number.POSITIVE_INFINITY, show } = options;
  const quitting = new AbortController();
  const over = new AbortController();
  options.ended?.then(
    () => over.abort(),
    () => over.abort(),
  );
  const until = AbortSignal.any([options.signal, quitting.signal, over.signal]);
  const tally = new TopTally(options.idle);
  let view = options.view;
  /** What the screen stands still at. */
  let still: TopTally | undefined;
  let refreshes = 0;
  const stopListening = options.listen?.((key) => {
    const pressed = pressKey(view, key, tally.places(view));
    view = pressed.view;
    if (pressed.act === 'quit') quitting.abort();
    if (pressed.act === 'reset') tally.reset();
    still = view.frozen ? (still ?? tally.copy()) : undefined;
    if (refreshes > 0) show(still ?? tally, view);
  });
  const endMs = nowMs() + durationMs;
  try {
    while (!until.aborted && nowMs() < endMs) {
      if (processes.running.length === 0 && options.ended === undefined) break;
      await sleep(Math.min(everyMs, endMs - nowMs()), until);
      // Who ends it within the first window still sees that one.
      if (quitting.signal.aborted || (until.aborted && refreshes > 0)) break;
      tally.add(await processes.turn());
      if (processes.running.length === 0 && tally.isEmpty) continue;
      refreshes += 1;
      if (still === undefined) show(tally, view);
      if (until.aborted) break;
    }
  } finally {
    stopListening?.();
  }
}
