import { useEffect, useRef, type ReactNode } from 'react';

const keys: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ['w', 'W'], does: '1 or 10 more users, while a test runs' },
  { keys: ['s', 'S'], does: '1 or 10 fewer users, while a test runs' },
  { keys: ['←', '→'], does: 'the tab before or after; in a chart, the second before or after' },
  { keys: ['Page Up', 'Page Down'], does: 'in a chart, ten seconds' },
  { keys: ['Esc'], does: 'leave a chart, close this' },
  { keys: ['?'], does: 'show this' },
];

/** The keys that the page knows, over the page. */
export function KeyHelp({ onClose }: { onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="card" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">Keys</h2>
      <dl className="keys">
        {keys.map((row) => (
          <div key={row.does}>
            <dt>
              {row.keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{row.does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="primary">
          Close
        </button>
      </form>
    </dialog>
  );
}
