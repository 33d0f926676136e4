import type { LoadStatsAnswer, LogEvent } from '../../lab/load/web/stats-answer.ts';
import { fetchLogs, fetchStats } from './load-test-api.ts';

/** How the page hears of the test: told by the server, by asking again and again, or not at all. */
export type Hearing = { kind: 'live' } | { kind: 'asking' } | { kind: 'lost'; problem: string };

export interface LiveListener {
  onStats: (stats: LoadStatsAnswer) => void;
  onLog: (log: LogEvent) => void;
  onHearing: (hearing: Hearing) => void;
  /** The time of the last moment of the history that the page has, to ask for later ones only. */
  lastMomentMs: () => number;
}

/** The server says something every five seconds; after this long it is not heard. */
const silenceMs = 13_000;
/** While nothing is told, the page asks this often; so often, too, it looks whether something is told again. */
const askMs = 2_000;
const reopenMs = 5_000;

/**
 * Follows `GET /events`. While that does not work it asks for the same by `GET /stats/requests`, and says so. A page
 * that nobody sees listens to nothing: a browser has few connections to one server. It takes up where it was.
 */
export function followTest(listener: LiveListener): () => void {
  let source: EventSource | undefined;
  let lastId = '';
  let heardAtMs = 0;
  let reopenAtMs = 0;
  let asking: AbortController | undefined;
  let ended = false;

  const heard = (): void => {
    heardAtMs = performance.now();
    asking?.abort();
    asking = undefined;
    listener.onHearing({ kind: 'live' });
  };
  const open = (): void => {
    source?.close();
    const opened = new EventSource(`events?since=${encodeURIComponent(lastId)}`);
    source = opened;
    heardAtMs = performance.now();
    opened.addEventListener('heartbeat', heard);
    opened.addEventListener('log', ({ data, lastEventId }: MessageEvent<string>) => {
      lastId = lastEventId;
      const log: LogEvent = JSON.parse(data);
      listener.onLog(log);
    });
    opened.addEventListener('stats', ({ data, lastEventId }: MessageEvent<string>) => {
      lastId = lastEventId;
      heard();
      const stats: LoadStatsAnswer = JSON.parse(data);
      listener.onStats(stats);
    });
    opened.addEventListener('error', () => {
      // The browser opens the stream anew by itself, but for an answer that is none.
      if (opened.readyState === EventSource.CLOSED) close();
      ask();
    });
  };
  const close = (): void => {
    source?.close();
    source = undefined;
    reopenAtMs = performance.now() + reopenMs;
  };
  const ask = (): void => {
    if (ended || document.hidden || asking !== undefined) return;
    const controller = new AbortController();
    asking = controller;
    void keepAsking(listener, controller.signal);
  };
  const watch = window.setInterval(() => {
    if (document.hidden) return;
    if (source !== undefined && performance.now() - heardAtMs > silenceMs) {
      close();
      ask();
    } else if (source === undefined && performance.now() >= reopenAtMs) open();
  }, 1_000);
  const onVisibility = (): void => {
    if (!document.hidden) return open();
    close();
    asking?.abort();
    asking = undefined;
    reopenAtMs = 0;
  };
  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) open();
  return () => {
    ended = true;
    clearInterval(watch);
    document.removeEventListener('visibilitychange', onVisibility);
    close();
    asking?.abort();
  };
}

async function keepAsking(listener: LiveListener, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const [stats, lines] = await Promise.all([
        fetchStats(listener.lastMomentMs(), signal),
        fetchLogs(signal),
      ]);
      if (signal.aborted) return;
      listener.onHearing({ kind: 'asking' });
      listener.onLog({ first: 0, lines });
      listener.onStats(stats);
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Error ? error.message : String(error);
      listener.onHearing({ kind: 'lost', problem });
    }
    await new Promise((resolve) => setTimeout(resolve, askMs));
  }
}
