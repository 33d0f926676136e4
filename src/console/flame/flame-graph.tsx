import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
} from 'react';
import { FlameTooltip } from './flame-tooltip.tsx';
import type { FlameTree } from './flame-tree.ts';
import { FlameViewport, type FlameLook } from './flame-viewport.ts';
import type { FlameCursor } from './use-flame-cursor.ts';

/** How far the pointer moves before it is a drag and no click. */
const dragPx = 4;
const wheelStep = 0.002;

/**
 * The call tree on a canvas, width is weight. Only what can be seen is drawn, so that tens of thousands of frames stay
 * smooth. Pointer: click zooms, double click goes back, a drag or Shift and the wheel pan, Ctrl and the wheel zoom.
 */
export function FlameGraph({
  look,
  cursor,
  label,
}: {
  look: Omit<FlameLook, 'selected'>;
  cursor: FlameCursor;
  label: string;
}): ReactNode {
  const { tree, colors, palette, dimmed, isUpwards, theme } = look;
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const viewport = useRef<FlameViewport | null>(null);
  const drag = useRef<{ xPx: number; yPx: number; isMoved: boolean } | null>(null);
  const zoomedBefore = useRef(0);
  const [hovered, setHovered] = useState<{ tree: FlameTree; node: number; xPx: number; yPx: number } | null>(
    null,
  );

  useLayoutEffect(() => {
    if (!canvas.current || !scroller.current || !rows.current || !ring.current) return undefined;
    const made = new FlameViewport(canvas.current, scroller.current, rows.current, ring.current);
    viewport.current = made;
    return () => made.close();
  }, []);
  useLayoutEffect(() => {
    viewport.current?.show({ tree, colors, palette, dimmed, isUpwards, theme, selected: cursor.selected });
  }, [tree, colors, palette, dimmed, isUpwards, theme, cursor.selected]);
  useEffect(() => {
    viewport.current?.zoomTo(cursor.zoomed);
    viewport.current?.reveal(cursor.selected);
  }, [tree, isUpwards, cursor.zoomed, cursor.selected, cursor.asked]);
  useEffect(() => {
    const element = canvas.current;
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey)
        viewport.current?.zoomBy(Math.exp(event.deltaY * wheelStep), event.offsetX);
      else if (event.shiftKey || event.deltaX !== 0)
        viewport.current?.panBy(event.shiftKey ? event.deltaY || event.deltaX : event.deltaX);
      else return;
      event.preventDefault();
    };
    // React's own listener is passive and could not keep the page from scrolling.
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, []);

  const under = (event: MouseEvent): number =>
    viewport.current?.nodeUnder(event.nativeEvent.offsetX, event.nativeEvent.offsetY) ?? -1;
  const leave = (): void => {
    viewport.current?.hover(-1);
    setHovered(null);
  };
  const onPointerMove = (event: PointerEvent): void => {
    const from = drag.current;
    if (from && event.buttons === 1) {
      if (!from.isMoved && Math.abs(event.clientX - from.xPx) < dragPx) return;
      from.isMoved = true;
      viewport.current?.panBy(from.xPx - event.clientX);
      if (scroller.current) scroller.current.scrollTop += from.yPx - event.clientY;
      [from.xPx, from.yPx] = [event.clientX, event.clientY];
      leave();
      return;
    }
    const node = under(event);
    viewport.current?.hover(node);
    if (event.pointerType === 'touch' || node < 0) setHovered(null);
    else setHovered({ tree, node, xPx: event.clientX, yPx: event.clientY });
  };
  const onClick = (event: MouseEvent): void => {
    if (drag.current?.isMoved === true) return;
    if (event.detail > 1) {
      // The first click of the two has zoomed already, unless it was there before.
      if (event.detail === 2) cursor.back(cursor.zoomed === zoomedBefore.current ? 1 : 2);
      return;
    }
    zoomedBefore.current = cursor.zoomed;
    const node = under(event);
    if (node >= 0) cursor.zoomTo(node);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const widthPx = scroller.current?.clientWidth ?? 0;
    if (event.key === '+' || event.key === '-')
      viewport.current?.zoomBy(event.key === '+' ? 0.7 : 1 / 0.7, widthPx / 2);
    else if (event.key === 'Enter') cursor.zoomTo(Math.max(0, cursor.selected));
    else if (event.key === 'Escape' || event.key === 'Backspace') cursor.back();
    else if (event.key === 'Home') cursor.zoomTo(0);
    else if (event.shiftKey && event.key === 'ArrowLeft') viewport.current?.panBy(-widthPx / 8);
    else if (event.shiftKey && event.key === 'ArrowRight') viewport.current?.panBy(widthPx / 8);
    else if (event.key.startsWith('Arrow')) cursor.select(neighbour(tree, cursor, event.key, isUpwards));
    else return;
    event.preventDefault();
  };

  return (
    <div className="flame-scroller" ref={scroller}>
      <div className="flame-rows" ref={rows}>
        <canvas
          ref={canvas}
          role="application"
          aria-label={`${label}. Arrow keys walk the calls, Enter zooms, Escape goes back, question mark lists all keys. The table below lists the same functions.`}
          tabIndex={0}
          onPointerDown={(event) => {
            drag.current = { xPx: event.clientX, yPx: event.clientY, isMoved: false };
          }}
          onPointerMove={onPointerMove}
          onPointerLeave={leave}
          onClick={onClick}
          onKeyDown={onKeyDown}
        />
        <div className="flame-ring" ref={ring} hidden />
      </div>
      {hovered?.tree === tree && <FlameTooltip {...hovered} />}
    </div>
  );
}

/** Where an arrow leads: up and down along calls as they are drawn, sideways along the level. */
function neighbour(tree: FlameTree, cursor: FlameCursor, key: string, isUpwards: boolean): number {
  const { zoomed } = cursor;
  const node = cursor.selected < 0 ? zoomed : cursor.selected;
  if (cursor.selected < 0 && key !== (isUpwards ? 'ArrowUp' : 'ArrowDown')) return zoomed;
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    if ((key === 'ArrowDown') === isUpwards) return Math.max(0, tree.parent[node] ?? 0);
    const child = tree.firstChild[node] ?? 0;
    return child < (tree.firstChild[node + 1] ?? 0) ? child : node;
  }
  const next = node + (key === 'ArrowRight' ? 1 : -1);
  const start = tree.start[next] ?? -1;
  const from = tree.start[zoomed] ?? 0;
  const isWithin = start >= from && start < from + (tree.total[zoomed] ?? 0);
  return tree.level[next] === tree.level[node] && isWithin ? next : node;
}
