import { useLayoutEffect, useRef, type ReactNode } from 'react';

/** What the load test wrote to its log, the newest at the end, which stays in sight until somebody scrolls away. */
export function Logs({ lines }: { lines: readonly string[] }): ReactNode {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (follows.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <section aria-labelledby="logs-title">
      <h2 id="logs-title">Logs</h2>
      {lines.length === 0 && <p className="muted">Nothing was logged yet.</p>}
      <pre
        className="lines"
        role="log"
        aria-labelledby="logs-title"
        tabIndex={0}
        hidden={lines.length === 0}
        ref={box}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 8;
        }}
      >
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
  const clock = new Date(String(time)).toLocaleTimeString([], { hour12: false });
  return [clock, String(level).toUpperCase().padEnd(5), message, ...said].join(' ');
}
