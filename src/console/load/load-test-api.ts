import { useCallback, useEffect, useRef, useState } from 'react';
import type { LocustLogs } from '../../lab/load/web/locust-answers.ts';
import type { LoadMoment, LoadStatsAnswer } from '../../lab/load/web/stats-answer.ts';

const pollMs = 1000;

export interface StartFields {
  users: string;
  spawnRate: string;
  host: string;
  runTime: string;
  scenario: string;
}

export interface LiveTest {
  stats: LoadStatsAnswer | null;
  /** The whole test so far, also after the page was loaded again. */
  history: LoadMoment[];
  /** Why the server could not be asked, until it answers again. */
  unreachable: string | null;
  /** Looks at once instead of at the next second. */
  refresh: () => void;
}

/** Follows the load test, once a second. */
export function useLiveTest(): LiveTest {
  const [stats, setStats] = useState<LoadStatsAnswer | null>(null);
  const [history, setHistory] = useState<LoadMoment[]>([]);
  const [unreachable, setUnreachable] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const seen = useRef<{ testNumber: number; moments: LoadMoment[] }>({ testNumber: 0, moments: [] });

  useEffect(() => {
    const controller = new AbortController();
    let timer: number | undefined;
    const poll = async (): Promise<void> => {
      try {
        const sinceMs = seen.current.moments.at(-1)?.atMs ?? 0;
        let answer = await fetchStats(sinceMs, controller.signal);
        const { testNumber } = answer.gaugeway;
        if (testNumber !== seen.current.testNumber) {
          if (sinceMs > 0) answer = await fetchStats(0, controller.signal);
          seen.current = { testNumber, moments: [] };
        }
        seen.current.moments = [...seen.current.moments, ...answer.gaugeway.history];
        setHistory(seen.current.moments);
        setStats(answer);
        setUnreachable(null);
      } catch (error) {
        if (controller.signal.aborted) return;
        setUnreachable(error instanceof Error ? error.message : String(error));
      }
      timer = window.setTimeout(() => void poll(), pollMs);
    };
    void poll();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [round]);

  const refresh = useCallback(() => setRound((before) => before + 1), []);
  return { stats, history, unreachable, refresh };
}

/** Starts a test or edits the running one; gives what is wrong, or null. */
export async function swarm(fields: StartFields): Promise<string | null> {
  const response = await fetch('/swarm', {
    method: 'POST',
    body: new URLSearchParams({
      user_count: fields.users,
      spawn_rate: fields.spawnRate,
      host: fields.host,
      run_time: fields.runTime,
      user_classes: fields.scenario,
    }),
  });
  if (!response.ok) return response.text();
  const answer: { success: boolean; message: string } = await response.json();
  return answer.success ? null : answer.message;
}

export async function stopTest(): Promise<void> {
  await fetch('/stop');
}

export async function resetStatistics(): Promise<void> {
  await fetch('/stats/reset');
}

export async function fetchLogs(signal: AbortSignal): Promise<readonly string[]> {
  const response = await fetch('/logs', { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const answer: LocustLogs = await response.json();
  return answer.master;
}

async function fetchStats(sinceMs: number, signal: AbortSignal): Promise<LoadStatsAnswer> {
  const response = await fetch(`/stats/requests?since=${sinceMs}`, { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const answer: LoadStatsAnswer = await response.json();
  return answer;
}
