import { useEffect, useState, type ReactNode } from 'react';
import { fetchLogs } from './load-test-api.ts';

const pollMs = 2000;

/** What the load test wrote to its log, the newest at the end; looked at again while it is open. */
export function Logs(): ReactNode {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    let timer: number | undefined;
    const poll = async (): Promise<void> => {
      try {
        setLines(await fetchLogs(controller.signal));
        setProblem(null);
      } catch (error) {
        if (controller.signal.aborted) return;
        setProblem(error instanceof Error ? error.message : String(error));
      }
      timer = window.setTimeout(() => void poll(), pollMs);
    };
    void poll();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, []);
  return (
    <section aria-labelledby="logs-title">
      <h2 id="logs-title">Logs</h2>
      {problem !== null && <p role="alert">{problem}</p>}
      <pre className="lines" role="log" aria-labelledby="logs-title" tabIndex={0}>
        {lines.map(toText).join('\n')}
      </pre>
    </section>
  );
}

/** A line of the structured log as a person reads it. */
function toText(line: string): string {
  const { time, level, message, ...fields }: Record<string, string | number | boolean | null> =
    JSON.parse(line);
  const said = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return [time, String(level).toUpperCase().padEnd(5), message, ...said].join(' ');
}
