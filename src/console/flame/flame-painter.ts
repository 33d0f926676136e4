import { themeColor } from '../theme/use-theme.ts';
import { changeOf, changeSign, type FrameColor } from './flame-colors.ts';
import { firstVisible, functionAt, type FlameTree } from './flame-tree.ts';

export const rowPx = 20;
const minLabelPx = 30;
const paddingPx = 4;
/** What is narrower is not drawn. */
const minFramePx = 0.5;
/** What ends less to the right than this would be drawn over what is there already. */
const leastStepPx = 1;
/** From this width on there is a gap between two frames. */
const gapFromPx = 3;

/** What is drawn: the part of a tree between `from` and `to`, both in its weight, as far as it is scrolled. */
export interface FlameScene {
  tree: FlameTree;
  colors: Uint8Array;
  palette: readonly FrameColor[];
  /** 1 for each node that is held back; null when none is. */
  dimmed: Uint8Array | null;
  /** -1 for none. */
  selected: number;
  from: number;
  to: number;
  /** Callers below what they call. */
  isUpwards: boolean;
  widthPx: number;
  /** Pixels of the canvas for each of the page. */
  ratio: number;
  /** Of what is seen, and of all rows. */
  heightPx: number;
  contentPx: number;
  scrollPx: number;
}

/** Draws flame graphs on one canvas: only the rows and the frames that can be seen, labels by known widths of characters. */
export class FlamePainter {
  private readonly canvas: HTMLCanvasElement;
  private colors = new Map<string, string>();
  private readonly widths = new Map<string, number>();
  private font = '';
  /** Left, top and width of frames, by colour of their ground, and what is written on them: of one painting. */
  private readonly grounds = new Map<string, number[]>();
  private labels: { node: number; left: number; width: number; y: number; text: string }[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
  }

  /** To be called when the theme changes: colours are read once. */
  readTheme(): void {
    this.colors = new Map();
    const font = `12px ${themeColor('sans')}`;
    if (font !== this.font) this.widths.clear();
    this.font = font;
  }

  paint(scene: FlameScene): void {
    const { canvas } = this;
    const { tree, widthPx, heightPx, scrollPx, contentPx, isUpwards, ratio } = scene;
    const context = canvas.getContext('2d');
    if (!context || widthPx === 0) return;
    const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, widthPx, heightPx);
    if (this.font === '') this.readTheme();
    context.font = this.font;
    context.textBaseline = 'middle';
    const firstRow = Math.floor(scrollPx / rowPx);
    const lastRow = Math.ceil((scrollPx + heightPx) / rowPx);
    const levels = tree.levelStart.length - 1;
    for (let row = firstRow; row < lastRow; row += 1) {
      const level = isUpwards ? Math.round(contentPx / rowPx) - 1 - row : row;
      if (level >= 0 && level < levels) this.collectLevel(scene, level, row * rowPx - scrollPx);
    }
    this.paintCollected(context, scene);
  }

  /** Sorts the frames of a level by colour, since a change of colour costs as much as a frame. */
  private collectLevel(scene: FlameScene, level: number, y: number): void {
    const { tree, colors, palette, dimmed, from, to, widthPx } = scene;
    const scale = widthPx / Math.max(Number.MIN_VALUE, to - from);
    const end = tree.levelStart[level + 1] ?? 0;
    let drawnTo = -1;
    for (let node = firstVisible(tree, level, from); node < end; node += 1) {
      const start = tree.start[node] ?? 0;
      if (start >= to) break;
      const left = Math.max(0, (start - from) * scale);
      const right = Math.min(widthPx, (start + (tree.total[node] ?? 0) - from) * scale);
      const width = right - left;
      if (node !== scene.selected && (width < minFramePx || right - drawnTo < leastStepPx)) continue;
      drawnTo = Math.max(right, left + 1);
      const color = palette[colors[node] ?? 0];
      const isDim = dimmed !== null && dimmed[node] === 1;
      const ground = isDim ? 'frame-dim' : (color?.ground ?? 'frame-runtime');
      const group = this.grounds.get(ground) ?? [];
      if (group.push(left, y, Math.max(1, width >= gapFromPx ? width - 1 : width)) === 3)
        this.grounds.set(ground, group);
      const text = isDim ? 'frame-quiet-text' : (color?.text ?? 'frame-text');
      if (width >= minLabelPx / 2 || node === scene.selected)
        this.labels.push({ node, left, width, y, text });
    }
  }

  private paintCollected(context: CanvasRenderingContext2D, scene: FlameScene): void {
    for (const [ground, rects] of this.grounds) {
      context.fillStyle = this.color(ground);
      for (let at = 0; at < rects.length; at += 3)
        context.fillRect(rects[at] ?? 0, rects[at + 1] ?? 0, rects[at + 2] ?? 0, rowPx - 1);
    }
    for (const { node, left, width, y, text } of this.labels) {
      if (width >= minLabelPx) this.paintLabel(context, scene.tree, node, left, width, y, text);
      this.paintMarks(context, scene.tree, node, left + width, y, text);
    }
    for (const { node, left, width, y } of this.labels) {
      if (node === scene.selected) this.outline(context, left, y, width);
    }
    this.grounds.clear();
    this.labels = [];
  }

  private paintLabel(
    context: CanvasRenderingContext2D,
    tree: FlameTree,
    node: number,
    left: number,
    width: number,
    y: number,
    color: string,
  ): void {
    const sign = tree.before ? changeSign(changeOf(tree, node)) : '';
    const label = this.fit(context, `${sign}${functionAt(tree, node).label}`, width - 2 * paddingPx - 1);
    context.fillStyle = this.color(color);
    context.fillText(label, left + paddingPx, y + rowPx / 2);
  }

  /** A corner for code that V8 gave up, a bar for a place that met too many shapes. */
  private paintMarks(
    context: CanvasRenderingContext2D,
    tree: FlameTree,
    node: number,
    right: number,
    y: number,
    color: string,
  ): void {
    const { marks } = functionAt(tree, node).frame;
    if (marks === undefined) return;
    context.fillStyle = this.color(color);
    if (marks.some(({ kind }) => kind === 'deoptimised')) {
      context.beginPath();
      context.moveTo(right - 9, y);
      context.lineTo(right - 1, y);
      context.lineTo(right - 1, y + 8);
      context.fill();
    }
    if (marks.some(({ kind }) => kind === 'megamorphic')) context.fillRect(right - 9, y + rowPx - 4, 8, 3);
  }

  private outline(context: CanvasRenderingContext2D, left: number, y: number, width: number): void {
    context.strokeStyle = this.color('text');
    context.lineWidth = 2;
    context.strokeRect(left + 1, y + 1, Math.max(1, width - 3), rowPx - 3);
  }

  /** As much of a text as fits, with an ellipsis for the rest. Kerning is small enough to be left out. */
  private fit(context: CanvasRenderingContext2D, text: string, roomPx: number): string {
    const ellipsisPx = this.widthOf(context, '…');
    let width = 0;
    let fitting = 0;
    for (let at = 0; at < text.length; at += 1) {
      width += this.widthOf(context, text.charAt(at));
      if (width <= roomPx - ellipsisPx) fitting = at + 1;
      if (width > roomPx) return fitting === 0 ? '' : `${text.slice(0, fitting)}…`;
    }
    return text;
  }

  private widthOf(context: CanvasRenderingContext2D, character: string): number {
    let width = this.widths.get(character);
    if (width === undefined) {
      width = context.measureText(character).width;
      this.widths.set(character, width);
    }
    return width;
  }

  private color(name: string): string {
    let color = this.colors.get(name);
    if (color === undefined) {
      color = themeColor(name);
      this.colors.set(name, color);
    }
    return color;
  }
}

/** How many rows there is something to see in, between `from` and `to`: deeper ones are all too narrow. */
export function visibleRows(tree: FlameTree, from: number, to: number, widthPx: number): number {
  const least = (minFramePx * (to - from)) / Math.max(1, widthPx);
  let level = 0;
  for (; level < tree.levelStart.length - 1; level += 1) {
    if (!hasVisible(tree, level, from, to, least)) break;
  }
  return Math.max(1, level);
}

function hasVisible(tree: FlameTree, level: number, from: number, to: number, least: number): boolean {
  const end = tree.levelStart[level + 1] ?? 0;
  for (let node = firstVisible(tree, level, from); node < end; node += 1) {
    const start = tree.start[node] ?? 0;
    if (start >= to) return false;
    const shown = Math.min(to, start + (tree.total[node] ?? 0)) - Math.max(from, start);
    if (shown >= least && shown > 0) return true;
  }
  return false;
}
