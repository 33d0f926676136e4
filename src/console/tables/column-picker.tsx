import { useEffect, useRef, type ReactNode } from 'react';

/** A list that opens below its button, to show and hide the columns of a table. Escape and a click elsewhere close it. */
export function ColumnPicker(props: {
  columns: readonly { title: string; says: string | undefined; isShown: boolean }[];
  onToggle: (title: string) => void;
  /** Back to the columns that are shown at first. */
  onReset: () => void;
}): ReactNode {
  const holder = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      const { current } = holder;
      if (current === null || !current.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== 'Escape') return;
        current.querySelector('summary')?.focus();
      } else if (event.target instanceof Node && current.contains(event.target)) return;
      current.open = false;
    };
    document.addEventListener('keydown', close);
    document.addEventListener('pointerdown', close);
    return () => {
      document.removeEventListener('keydown', close);
      document.removeEventListener('pointerdown', close);
    };
  }, []);
  return (
    <details className="picker" ref={holder}>
      <summary>Columns</summary>
      <fieldset>
        <legend className="visually-hidden">Columns to show</legend>
        {props.columns.map(({ title, says, isShown }) => (
          <label key={title} title={says}>
            <input type="checkbox" checked={isShown} onChange={() => props.onToggle(title)} />
            {title}
          </label>
        ))}
        <button type="button" onClick={props.onReset}>
          Usual columns
        </button>
      </fieldset>
    </details>
  );
}
