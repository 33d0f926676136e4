import { useMemo, type ReactNode } from 'react';
import { formatShare } from '../format/format-value.ts';
import { palettes, sharesByColor, type ColorBy } from './flame-colors.ts';
import type { FlameTree } from './flame-tree.ts';

const headings: Record<ColorBy, string> = {
  kind: 'By whose code it is, shares of its own weight; press one to highlight it',
  class: 'By kind of work, shares of its own weight; press one to highlight it',
  change: 'By how the share of the whole changed; press one to highlight it',
};

/** What the colours mean and how much of the whole each stands for. One that is pressed highlights its frames. */
export function FlameLegend({
  tree,
  by,
  highlighted,
  onHighlight,
}: {
  tree: FlameTree;
  by: ColorBy;
  /** Index in the palette. */
  highlighted: number | null;
  onHighlight: (color: number | null) => void;
}): ReactNode {
  const shares = useMemo(() => sharesByColor(tree, by), [tree, by]);
  return (
    <ul className="legend" aria-label={headings[by]}>
      {palettes[by].map(({ key, name, ground }, color) => {
        const share = shares[color] ?? 0;
        if (share === 0) return null;
        const isPressed = highlighted === color;
        return (
          <li key={key}>
            <button
              type="button"
              aria-pressed={isPressed}
              onClick={() => onHighlight(isPressed ? null : color)}
            >
              <span className="swatch" style={{ background: `var(--${ground})` }} aria-hidden="true" />
              {name} <strong>{share < 0.001 ? '< 0.1 %' : formatShare(share)}</strong>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
