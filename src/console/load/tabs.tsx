import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

export interface Tab {
  id: string;
  title: string;
  /** Shown beside the title when there is something to count. */
  count?: number;
  content: ReactNode;
}

/** One panel at a time; arrow keys move between tabs, and the address remembers which one is open. */
export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }): ReactNode {
  const [chosen, setChosen] = useState(location.hash.slice(1));
  const list = useRef<HTMLDivElement>(null);
  const open = tabs.find(({ id }) => id === chosen) ?? tabs[0];
  useEffect(() => {
    const follow = (): void => setChosen(location.hash.slice(1));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  if (open === undefined) return null;

  const choose = (id: string): void => {
    setChosen(id);
    history.replaceState(null, '', `#${id}`);
  };
  const move = (event: KeyboardEvent): void => {
    const at = tabs.indexOf(open);
    const places: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    const next = tabs.at(place % tabs.length);
    if (next === undefined) return;
    choose(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };

  return (
    <>
      <div className="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ id, title, count = 0 }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={id === open.id}
            aria-controls="tab-panel"
            tabIndex={id === open.id ? 0 : -1}
            onClick={() => choose(id)}
          >
            {title}
            {count > 0 && <span className="count"> {count}</span>}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${open.id}`}>
        {open.content}
      </div>
    </>
  );
}
