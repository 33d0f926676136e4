import type { ReactNode } from 'react';

/** How a line of a chart is drawn, beside its name; `index` counts the lines from 0. */
export function LegendSwatch(props: {
  index: number;
  mark: 'points' | 'line' | 'both';
  /** Of a line, as uPlot takes it. */
  dash: readonly number[] | undefined;
}): ReactNode {
  const { index, mark, dash } = props;
  const color = `var(--series-${index + 1})`;
  return (
    <svg width="18" height="8" aria-hidden="true">
      {mark !== 'points' && (
        <line x1="0" x2="18" y1="4" y2="4" stroke={color} strokeWidth="2" strokeDasharray={dash?.join(' ')} />
      )}
      {mark !== 'line' && <circle cx="9" cy="4" r="3.5" fill={color} />}
    </svg>
  );
}
