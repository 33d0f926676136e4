import { useEffect, useRef, useState } from 'react';
import type { LoadMoment, LoadStatsAnswer, LogEvent } from '../../lab/load/web/stats-answer.ts';
import { followTest, type Hearing } from './live-connection.ts';
import { joinHistory } from './join-history.ts';

export interface LiveTest {
  stats: LoadStatsAnswer | null;
  /** The whole test so far, also after the page was loaded again. */
  history: LoadMoment[];
  /** Lines of the log, JSON, the oldest first. */
  logLines: readonly string[];
  hearing: Hearing;
}

/** As many as the server keeps. */
const maxLogLines = 1_000;

/** Follows the load test. */
export function useLiveTest(): LiveTest {
  const [stats, setStats] = useState<LoadStatsAnswer | null>(null);
  const [history, setHistory] = useState<LoadMoment[]>([]);
  const [logLines, setLogLines] = useState<readonly string[]>([]);
  const [hearing, setHearing] = useState<Hearing>({ kind: 'live' });
  const seen = useRef<{ testId: string; moments: LoadMoment[] }>({ testId: '', moments: [] });

  useEffect(() => {
    let log: LogEvent = { first: 0, lines: [] };
    return followTest({
      lastMomentMs: () => seen.current.moments.at(-1)?.atMs ?? 0,
      onStats: (answer) => {
        const { testId, history: moments } = answer.gaugeway;
        const known = testId === seen.current.testId ? seen.current.moments : [];
        seen.current = { testId, moments: joinHistory(known, moments) };
        setHistory(seen.current.moments);
        setStats(answer);
      },
      onLog: (next) => {
        // Some may come twice after a lost connection, and some may be missing after a long one.
        const [from, to] = [log.first, log.first + log.lines.length];
        const kept = next.first > from && next.first <= to ? log.lines.slice(0, next.first - from) : [];
        const lines = [...kept, ...next.lines].slice(-maxLogLines);
        log = { first: next.first + next.lines.length - lines.length, lines };
        setLogLines(lines);
      },
      onHearing: (next) => setHearing((before) => (isSame(before, next) ? before : next)),
    });
  }, []);

  return { stats, history, logLines, hearing };
}

function isSame(a: Hearing, b: Hearing): boolean {
  return a.kind === b.kind && (a.kind !== 'lost' || b.kind !== 'lost' || a.problem === b.problem);
}
