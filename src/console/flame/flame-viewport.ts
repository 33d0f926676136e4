import type { FrameColor } from './flame-colors.ts';
import { FlamePainter, rowPx, visibleRows } from './flame-painter.ts';
import { nodeAt, type FlameTree } from './flame-tree.ts';

/** What a graph shows, as React knows it. */
export interface FlameLook {
  tree: FlameTree;
  colors: Uint8Array;
  palette: readonly FrameColor[];
  dimmed: Uint8Array | null;
  selected: number;
  isUpwards: boolean;
  /** Colours are read anew when it changes. */
  theme: string;
}

const zoomMs = 160;
/** Of a graph on paper: sharper than a screen, and no longer than a page or two. */
const paperRatio = 2;
const mostPaperPx = 100 * rowPx;
/** The narrowest view, as a share of the whole: beyond it numbers lose their precision. */
const leastView = 1e-7;

/** What of a tree can be seen on its canvas: the part between two weights, and how far it is scrolled. Paints once per frame. */
export class FlameViewport {
  private readonly canvas: HTMLCanvasElement;
  private readonly scroller: HTMLElement;
  private readonly rows: HTMLElement;
  private readonly painter: FlamePainter;
  private readonly observer: ResizeObserver;
  private readonly paper = matchMedia('print');
  private look: FlameLook | null = null;
  private hovered = -1;
  private readonly ring: HTMLElement;
  private from = 0;
  private to = 1;
  private contentPx = rowPx;
  private frame = 0;
  private moving: { from: number; to: number; endFrom: number; endTo: number; sinceMs: number } | null = null;

  constructor(canvas: HTMLCanvasElement, scroller: HTMLElement, rows: HTMLElement, ring: HTMLElement) {
    this.ring = ring;
    this.canvas = canvas;
    this.scroller = scroller;
    this.rows = rows;
    this.painter = new FlamePainter(canvas);
    this.observer = new ResizeObserver(() => {
      this.settleRows();
      this.schedule();
    });
    this.observer.observe(scroller);
    scroller.addEventListener('scroll', this.schedule);
    this.paper.addEventListener('change', this.schedule);
  }

  close(): void {
    this.paper.removeEventListener('change', this.schedule);
    this.observer.disconnect();
    this.scroller.removeEventListener('scroll', this.schedule);
    cancelAnimationFrame(this.frame);
  }

  show(look: FlameLook): void {
    const before = this.look;
    this.look = look;
    if (before?.theme !== look.theme) this.painter.readTheme();
    if (before?.tree !== look.tree || before.isUpwards !== look.isUpwards) {
      this.hovered = -1;
      this.moving = null;
      [this.from, this.to] = [0, look.tree.total[0] ?? 0];
      this.settleRows();
      this.scroller.scrollTop = look.isUpwards ? this.contentPx : 0;
    }
    this.schedule();
  }

  /** Moves to where `node` spans the whole width. */
  zoomTo(node: number): void {
    const { look } = this;
    if (!look) return;
    const endFrom = look.tree.start[node] ?? 0;
    const endTo = endFrom + (look.tree.total[node] ?? 0);
    if (endFrom === this.from && endTo === this.to) return;
    this.moving = { from: this.from, to: this.to, endFrom, endTo, sinceMs: performance.now() };
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) this.moving.sinceMs -= zoomMs;
    this.schedule();
  }

  /** Widens or narrows the view about a point of the canvas. */
  zoomBy(factor: number, xPx: number): void {
    const share = xPx / Math.max(1, this.scroller.clientWidth);
    const about = this.from + share * (this.to - this.from);
    const whole = this.look?.tree.total[0] ?? 0;
    const width = Math.max(whole * leastView, Math.min(whole, (this.to - this.from) * factor));
    this.moveTo(about - share * width, width);
  }

  panBy(xPx: number): void {
    const width = this.to - this.from;
    this.moveTo(this.from + (xPx / Math.max(1, this.scroller.clientWidth)) * width, width);
  }

  /** Scrolls so that the row of a node can be seen. */
  reveal(node: number): void {
    const { look, scroller } = this;
    if (!look || node < 0) return;
    const top = this.topOf(look, look.tree.level[node] ?? 0);
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    const below = top + rowPx - scroller.clientHeight;
    if (below > scroller.scrollTop) scroller.scrollTop = below;
  }

  /** The node under a point of the canvas, or -1. */
  nodeUnder(xPx: number, yPx: number): number {
    const { look } = this;
    if (!look) return -1;
    const row = Math.floor((yPx + this.scroller.scrollTop) / rowPx);
    const level = look.isUpwards ? Math.round(this.contentPx / rowPx) - 1 - row : row;
    const share = xPx / Math.max(1, this.scroller.clientWidth);
    return nodeAt(look.tree, level, this.from + share * (this.to - this.from));
  }

  /** Puts the ring around what is under the pointer. It lies over the canvas, which need not be painted again. */
  hover(node: number): void {
    if (this.hovered === node) return;
    this.hovered = node;
    this.placeRing();
  }

  private placeRing(): void {
    const { look, scroller, ring, hovered } = this;
    ring.hidden = hovered < 0 || !look || this.moving !== null;
    if (ring.hidden || !look) return;
    const scale = scroller.clientWidth / Math.max(Number.MIN_VALUE, this.to - this.from);
    const start = look.tree.start[hovered] ?? 0;
    const left = Math.max(0, (start - this.from) * scale);
    const right = Math.min(
      scroller.clientWidth,
      (start + (look.tree.total[hovered] ?? 0) - this.from) * scale,
    );
    ring.style.transform = `translate(${left}px, ${this.topOf(look, look.tree.level[hovered] ?? 0)}px)`;
    ring.style.width = `${Math.max(2, right - left - 1)}px`;
  }

  private moveTo(from: number, width: number): void {
    const whole = this.look?.tree.total[0] ?? 0;
    this.moving = null;
    this.from = Math.max(0, Math.min(whole - width, from));
    this.to = this.from + width;
    this.settleRows();
    this.schedule();
  }

  private topOf(look: FlameLook, level: number): number {
    return look.isUpwards ? this.contentPx - (level + 1) * rowPx : level * rowPx;
  }

  /** Gives the rows that have something to see their height. */
  private settleRows(): void {
    const { look, scroller, rows } = this;
    if (!look) return;
    const fromBottomPx = this.contentPx - scroller.scrollTop;
    const from = this.moving?.endFrom ?? this.from;
    const to = this.moving?.endTo ?? this.to;
    const contentPx = visibleRows(look.tree, from, to, scroller.clientWidth) * rowPx;
    if (contentPx === this.contentPx) return;
    this.contentPx = contentPx;
    rows.style.height = `${contentPx}px`;
    if (look.isUpwards) scroller.scrollTop = contentPx - fromBottomPx;
  }

  private readonly schedule = (): void => {
    // No frame comes while pages are laid out for the printer.
    if (this.paper.matches) this.paint(Infinity);
    else if (this.frame === 0) this.frame = requestAnimationFrame(this.paint);
  };

  private readonly paint = (nowMs: number): void => {
    this.frame = 0;
    const { look, moving, canvas, scroller } = this;
    if (!look) return;
    if (moving) {
      const done = Math.min(1, Math.max(0, (nowMs - moving.sinceMs) / zoomMs));
      const eased = 1 - (1 - done) ** 3;
      this.from = moving.from + (moving.endFrom - moving.from) * eased;
      this.to = moving.to + (moving.endTo - moving.to) * eased;
      if (done === 1) {
        [this.from, this.to] = [moving.endFrom, moving.endTo];
        this.moving = null;
        this.settleRows();
        this.reveal(look.selected);
      } else this.schedule();
    }
    // Paper does not scroll: the graph is drawn from its first row on, as far as there is room.
    const isOnPaper = this.paper.matches;
    const roomPx = isOnPaper ? mostPaperPx : scroller.clientHeight;
    const [widthPx, heightPx] = [scroller.clientWidth, Math.min(roomPx, this.contentPx)];
    const firstRowPx = look.isUpwards ? this.contentPx - heightPx : 0;
    this.placeRing();
    canvas.style.width = `${widthPx}px`;
    canvas.style.height = `${heightPx}px`;
    this.painter.paint({
      ...look,
      from: this.from,
      to: this.to,
      widthPx,
      heightPx,
      ratio: Math.max(isOnPaper ? paperRatio : 1, devicePixelRatio),
      contentPx: this.contentPx,
      scrollPx: isOnPaper ? firstRowPx : scroller.scrollTop,
    });
  };
}
