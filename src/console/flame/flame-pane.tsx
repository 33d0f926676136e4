import { useMemo, type ReactNode } from 'react';
import type { Theme } from '../theme/use-theme.ts';
import { describeFrame } from './describe-frame.ts';
import { colorsOf, palettes, type ColorBy } from './flame-colors.ts';
import { FlameGraph } from './flame-graph.tsx';
import { functionAt, pathTo, type FlameTree } from './flame-tree.ts';
import type { FlameCursor } from './use-flame-cursor.ts';

/** What of a tree is brought forward, and how it is coloured and turned. */
export interface FlameAppearance {
  /** 1 for each function that was searched for; null without a search. */
  functions: Uint8Array | null;
  /** Index in the palette; null for all. */
  highlighted: number | null;
  colorBy: ColorBy;
  theme: Theme;
}

interface FlamePaneProps extends FlameAppearance {
  tree: FlameTree;
  cursor: FlameCursor;
  isUpwards: boolean;
  label: string;
  /** Whether a frame's own weight means something. */
  hasSelf: boolean;
  notice?: string;
  onSandwich: (node: number) => void;
  /** Left out where a graph is only a part of what is shown; the line then has no advice either. */
  onCopy?: (node: number) => void;
}

/** One graph with the line that says what is selected, and the way back to the whole. */
export function FlamePane(props: FlamePaneProps): ReactNode {
  const { tree, cursor, functions, highlighted, colorBy, isUpwards, theme, label } = props;
  const colors = useMemo(() => colorsOf(tree, colorBy), [tree, colorBy]);
  const dimmed = useMemo(
    () => heldBack(tree, colors, functions, highlighted),
    [tree, colors, functions, highlighted],
  );
  const { selected } = cursor;
  return (
    <>
      <div className="flame-status">
        <span aria-live="polite">
          {props.notice === '' || props.notice === undefined ? '' : `${props.notice} `}
          {selected >= 0
            ? describeFrame(tree, selected, props.hasSelf)
            : props.onCopy &&
              'Click a frame, or walk with the arrow keys; Enter zooms, Escape goes back, ? lists all keys.'}
        </span>
        {selected > 0 && (
          <span className="flame-actions">
            <button type="button" className="plain-button" onClick={() => props.onSandwich(selected)}>
              Callers and callees
            </button>
            {props.onCopy && (
              <button type="button" className="plain-button" onClick={() => props.onCopy?.(selected)}>
                Copy name
              </button>
            )}
          </span>
        )}
      </div>
      <Breadcrumbs tree={tree} cursor={cursor} />
      <FlameGraph
        look={{ tree, colors, palette: palettes[colorBy], dimmed, isUpwards, theme }}
        cursor={cursor}
        label={label}
      />
    </>
  );
}

/** How many callers are named before the rest is left out. */
const mostCrumbs = 6;

function Breadcrumbs({ tree, cursor }: { tree: FlameTree; cursor: FlameCursor }): ReactNode {
  if (cursor.zoomed === 0) return null;
  const above = pathTo(tree, cursor.zoomed).slice(1, -1);
  const shown = above.slice(-mostCrumbs);
  return (
    <nav className="flame-crumbs" aria-label="Zoomed to">
      <button type="button" className="plain-button" onClick={() => cursor.zoomTo(0)}>
        Show all
      </button>
      {above.length > shown.length && <span>… {above.length - shown.length} callers</span>}
      {shown.map((node) => (
        <button key={node} type="button" className="plain-button" onClick={() => cursor.zoomTo(node)}>
          {functionAt(tree, node).frame.name}
        </button>
      ))}
      <strong aria-current="location">{functionAt(tree, cursor.zoomed).frame.name}</strong>
    </nav>
  );
}

function heldBack(
  tree: FlameTree,
  colors: Uint8Array,
  functions: Uint8Array | null,
  highlighted: number | null,
): Uint8Array | null {
  if (functions === null && highlighted === null) return null;
  const dimmed = new Uint8Array(tree.count);
  for (let node = 0; node < tree.count; node += 1) {
    const isFound = functions === null || functions[tree.fn[node] ?? 0] === 1;
    if (!isFound || (highlighted !== null && colors[node] !== highlighted)) dimmed[node] = 1;
  }
  return dimmed;
}
