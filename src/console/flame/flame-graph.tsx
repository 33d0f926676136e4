import {
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from 'react';
import { useWidth } from '../charts/use-width.ts';
import { formatMs, formatShare } from '../format/format-value.ts';
import { themeColor, type Theme } from '../theme/use-theme.ts';
import { labelOf, type FlameNode } from './flame-tree.ts';

const rowPx = 19;
const minLabelPx = 34;
const paddingPx = 4;

/**
 * An icicle of the call tree: callers above, width is time. Drawn on a canvas, so that tens of thousands of
 * frames stay smooth. Pointer: click zooms. Keyboard: arrows walk the tree, Enter zooms, Escape goes back.
 */
export function FlameGraph(props: {
  root: FlameNode;
  matches: ReadonlySet<FlameNode>;
  searching: boolean;
  theme: Theme;
}): ReactNode {
  const { root, matches, searching, theme } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(holder);
  const [zoomed, setZoomed] = useState(root);
  const [current, setCurrent] = useState<FlameNode | null>(null);
  const zoom = belongsTo(zoomed, root) ? zoomed : root;
  const rows = useMemo(() => deepest(zoom, widthPx) + 1, [zoom, widthPx]);

  useEffect(() => {
    const element = canvas.current;
    if (element) draw(element, { root, zoom, matches, searching, current, widthPx, rows });
  }, [root, zoom, matches, searching, current, widthPx, rows, theme]);

  const zoomTo = (node: FlameNode | null): void => setZoomed(node ?? root);
  const at = (event: MouseEvent): FlameNode | null => {
    const box = event.currentTarget.getBoundingClientRect();
    return nodeAt(root, zoom, widthPx, event.clientX - box.left, event.clientY - box.top);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') zoomTo(current);
    else if (event.key === 'Escape') zoomTo(root);
    else if (event.key.startsWith('Arrow')) setCurrent(neighbour(current ?? zoom, event.key));
    else return;
    event.preventDefault();
  };

  return (
    <div className="flame" ref={holder}>
      <p className="flame-status" aria-live="polite">
        {current
          ? describe(current, root)
          : 'Point at a frame, or use the arrow keys; Enter zooms, Escape goes back.'}
        {zoom !== root && (
          <button type="button" className="plain-button" onClick={() => zoomTo(root)}>
            Show all
          </button>
        )}
      </p>
      <canvas
        ref={canvas}
        role="application"
        aria-label="Flame graph. Arrow keys walk the call tree, Enter zooms, Escape goes back. The table below lists the same functions."
        tabIndex={0}
        style={{ width: widthPx, height: rows * rowPx }}
        onMouseMove={(event) => setCurrent(at(event))}
        onMouseLeave={() => setCurrent(null)}
        onClick={(event) => zoomTo(at(event))}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}

interface Scene {
  root: FlameNode;
  zoom: FlameNode;
  matches: ReadonlySet<FlameNode>;
  searching: boolean;
  current: FlameNode | null;
  widthPx: number;
  rows: number;
}

function draw(canvas: HTMLCanvasElement, scene: Scene): void {
  const context = canvas.getContext('2d');
  if (!context || scene.widthPx === 0) return;
  const ratio = Math.max(1, devicePixelRatio);
  canvas.width = scene.widthPx * ratio;
  canvas.height = scene.rows * rowPx * ratio;
  context.scale(ratio, ratio);
  context.font = `12px ${themeColor('sans')}`;
  context.textBaseline = 'middle';
  const colors = {
    own: themeColor('frame-own'),
    dependency: themeColor('frame-dependency'),
    runtime: themeColor('frame-runtime'),
    gc: themeColor('frame-gc'),
    waiting: themeColor('frame-waiting'),
    dim: themeColor('frame-dim'),
    text: themeColor('frame-text'),
    mutedText: themeColor('muted'),
    outline: themeColor('text'),
  };
  visit(scene.root, scene.zoom, scene.widthPx, (node, x, width) => {
    const y = node.depth * rowPx;
    const isDim = scene.searching && !scene.matches.has(node);
    context.fillStyle = isDim ? colors.dim : colors[node.kind];
    context.fillRect(x, y, Math.max(0.6, width - 1), rowPx - 1);
    if (node === scene.current) {
      context.strokeStyle = colors.outline;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(1, width - 3), rowPx - 3);
    }
    if (width < minLabelPx) return true;
    const hasDarkGround = isDim || node.kind === 'waiting';
    context.fillStyle = hasDarkGround ? colors.mutedText : colors.text;
    const label = fit(context, labelOf(node.frame), width - 2 * paddingPx);
    context.fillText(label, x + paddingPx, y + rowPx / 2);
    return true;
  });
}

/** Walks what can be seen, from the top; the callers of the zoomed frame span the whole width. */
function visit(
  root: FlameNode,
  zoom: FlameNode,
  widthPx: number,
  see: (node: FlameNode, x: number, width: number) => boolean,
): void {
  const above: FlameNode[] = [];
  for (let node = zoom.parent; node !== null; node = node.parent) above.push(node);
  for (const node of above.toReversed()) see(node, 0, widthPx);
  const scale = zoom.total > 0 ? widthPx / zoom.total : 0;
  const pending = [zoom];
  for (let node = pending.pop(); node; node = pending.pop()) {
    const width = node.total * scale;
    if (width < 0.3 && node !== root) continue;
    if (see(node, (node.start - zoom.start) * scale, width)) pending.push(...node.children);
  }
}

function nodeAt(root: FlameNode, zoom: FlameNode, widthPx: number, x: number, y: number): FlameNode | null {
  const depth = Math.floor(y / rowPx);
  let found: FlameNode | null = null;
  visit(root, zoom, widthPx, (node, left, width) => {
    const isUnder = x >= left && x < left + width;
    if (isUnder && node.depth === depth) found = node;
    return isUnder && node.depth < depth;
  });
  return found;
}

function deepest(zoom: FlameNode, widthPx: number): number {
  let depth = zoom.depth;
  visit(zoom, zoom, Math.max(1, widthPx), (node) => {
    depth = Math.max(depth, node.depth);
    return true;
  });
  return depth;
}

function neighbour(node: FlameNode, key: string): FlameNode {
  if (key === 'ArrowUp') return node.parent ?? node;
  if (key === 'ArrowDown') return node.children[0] ?? node;
  const siblings = node.parent?.children ?? [node];
  const next = siblings.indexOf(node) + (key === 'ArrowRight' ? 1 : -1);
  return siblings[next] ?? node;
}

function describe(node: FlameNode, root: FlameNode): string {
  const total = `${formatMs(node.total / 1000)}, ${formatShare(node.total / Math.max(1, root.total))}`;
  return `${labelOf(node.frame)}: ${total}; self ${formatMs(node.self / 1000)}`;
}

function belongsTo(node: FlameNode, root: FlameNode): boolean {
  let top = node;
  while (top.parent !== null) top = top.parent;
  return top === root;
}

function fit(context: CanvasRenderingContext2D, text: string, widthPx: number): string {
  if (context.measureText(text).width <= widthPx) return text;
  const perCharacter = context.measureText('n').width;
  const kept = Math.max(1, Math.floor(widthPx / perCharacter) - 1);
  return `${text.slice(0, kept)}…`;
}
