import type { LookLayout } from '../look/look-table.ts';
import type { LookVerdict } from '../look/look.ts';
import { wrapText } from '../report/wrap-text.ts';
import { formatCompact, formatCount, formatPercent, formatSize } from './plan-figures.ts';
import type { PlanNode } from './plan-tree.ts';
import type { PlanReading, PlanRemark } from './read-plan.ts';

interface Column {
  title: string;
  value: (node: PlanNode, totalMs: number) => string;
}

const timeColumns: Column[] = [
  { title: 'self ms', value: ({ actual }) => (actual === null ? '' : shortMs(actual.selfMs)) },
  {
    title: '%',
    value: ({ actual }, totalMs) =>
      actual === null || totalMs === 0 ? '' : ((actual.selfMs / totalMs) * 100).toFixed(0),
  },
];
const costColumn: Column = { title: 'cost', value: ({ cost }) => formatCompact(cost) };
const expectedColumn: Column = {
  title: 'expected',
  value: ({ expectedRows }) => formatCompact(expectedRows),
};
const actualColumns: Column[] = [
  {
    title: 'rows',
    value: ({ actual }) =>
      actual === null ? '' : actual.loops === 0 ? 'not run' : formatCompact(actual.rows),
  },
  {
    title: 'blocks',
    value: ({ buffers }) => (buffers === null ? '' : formatCompact(buffers.hit + buffers.read)),
  },
];

const colors: Record<LookVerdict, string> = { ok: '2', warn: '33', fail: '31' };
/** PEV2's: a node with so much of the time stands out. */
const shareColors: readonly [number, string][] = [
  [0.9, '31'],
  [0.4, '33'],
];

/** Room below which conditions and remarks cannot be read: figures go then. */
const narrowest = 24;

/**
 * A plan as lines that fit `columns`: each node with the figures of its own on the left, its conditions and what was
 * seen in it below its name. Figures are of all loops and processes together.
 */
export function planLines(reading: PlanReading, { columns, color }: LookLayout): string[] {
  const { root, remarks } = reading;
  const totalMs = root.actual?.timeMs ?? 0;
  const rows = placedNodes(root, '', '');
  const figures =
    root.actual === null ? [costColumn, expectedColumn] : [...timeColumns, expectedColumn, ...actualColumns];
  const shown = fitting(figures, rows, totalMs, columns);
  const widths = shown.map((column) => widthOf(column, rows, totalMs));
  const leftOf = (cells: string[]): string =>
    cells.map((cell, index) => `${cell.padStart(widths[index] ?? 0)}  `).join('');
  const left = leftOf(shown.map(({ title }) => title));
  const room = Math.max(1, columns - left.length);
  const lines = [paint(`${left}node`.trimEnd(), '1', color)];
  for (const { node, branch, below } of rows) {
    const [head = '', ...rest] = wrapText(label(node), Math.max(1, room - branch.length), '  ');
    const cells = leftOf(shown.map(({ value }) => value(node, totalMs)));
    const share = totalMs === 0 ? 0 : (node.actual?.selfMs ?? 0) / totalMs;
    const shareColor = shareColors.find(([limit]) => share >= limit)?.[1];
    lines.push(`${shareColor === undefined ? cells : paint(cells, shareColor, color)}${branch}${head}`);
    const blank = ' '.repeat(left.length);
    const add = (text: string, code?: string): void => {
      const indented = wrapText(text, Math.max(1, room - below.length - 2), '  ');
      for (const line of indented) {
        lines.push(`${blank}${below}  ${code === undefined ? line : paint(line, code, color)}`);
      }
    };
    for (const line of rest) lines.push(`${blank}${below}${line}`);
    for (const { name, text } of node.conditions) add(`${name}: ${text}`, '2');
    for (const found of remarksOf(remarks, node.id))
      add(`${mark[found.verdict]} ${found.label}`, colors[found.verdict]);
  }
  return [...lines, ...summaryLines(reading, columns)];
}

const mark: Record<LookVerdict, string> = { ok: '·', warn: '!', fail: '!!' };

function remarksOf(remarks: readonly PlanRemark[], id: number): PlanRemark[] {
  return remarks.filter(({ node }) => node === id);
}

interface PlacedNode {
  node: PlanNode;
  /** The lines of the tree before its name, and before what stands below its name. */
  branch: string;
  below: string;
}

function placedNodes(node: PlanNode, branch: string, below: string): PlacedNode[] {
  const hasChildren = node.children.length > 0;
  return [
    { node, branch, below: below + (hasChildren ? '│' : ' ') },
    ...node.children.flatMap((child, index) => {
      const isLast = index === node.children.length - 1;
      return placedNodes(child, `${below}${isLast ? '└' : '├'} `, `${below}${isLast ? '  ' : '│ '}`);
    }),
  ];
}

function label(node: PlanNode): string {
  const role = node.subplan === null ? '' : `${node.subplan}: `;
  const loops = node.actual === null || node.actual.loops <= 1 ? '' : ` ×${formatCount(node.actual.loops)}`;
  return `${role}${node.name}${loops}`;
}

function fitting(columns: Column[], rows: readonly PlacedNode[], totalMs: number, width: number): Column[] {
  const shown = [...columns];
  const left = (): number => shown.reduce((sum, column) => sum + widthOf(column, rows, totalMs) + 2, 0);
  while (shown.length > 1 && width - left() < narrowest) shown.pop();
  return shown;
}

function widthOf({ title, value }: Column, rows: readonly PlacedNode[], totalMs: number): number {
  return Math.max(title.length, ...rows.map(({ node }) => value(node, totalMs).length));
}

function summaryLines({ summary, root }: PlanReading, columns: number): string[] {
  const { planningMs, executionMs, jitMs, buffers, settings, triggers } = summary;
  const parts = [
    ...(planningMs === null ? [] : [`planning ${shortMs(planningMs)} ms`]),
    ...(executionMs === null ? [`cost ${formatCount(root.cost)}`] : [`execution ${shortMs(executionMs)} ms`]),
    ...(jitMs === null ? [] : [`of it JIT ${shortMs(jitMs)} ms`]),
    ...(buffers === null ? [] : buffersSaid(buffers)),
    ...triggers.map(
      ({ name, calls, timeMs }) => `trigger ${name}: ${formatCount(calls)} calls, ${shortMs(timeMs)} ms`,
    ),
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
  ];
  return parts.length === 0 ? [] : wrapText(parts.join(' · '), columns);
}

function buffersSaid({ hit, read, tempWritten }: NonNullable<PlanReading['summary']['buffers']>): string[] {
  const all = hit + read;
  return [
    ...(all === 0 ? [] : [`${formatCount(all)} blocks, ${formatPercent(hit / all)} hit`]),
    ...(tempWritten === 0 ? [] : [`${formatSize(tempWritten * 8192)} of temporary files`]),
  ];
}

function shortMs(ms: number): string {
  return ms >= 1000 ? formatCount(ms) : ms.toFixed(ms < 10 ? 2 : 1);
}

function paint(text: string, code: string, color: boolean): string {
  return color && text.trim() !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
}
