import { fittedFrameLabel } from './fitted-frame-label.ts';
import type { TopFunction } from './top-document.ts';

/** The head of {@link functionLine}. */
export function functionTitle(color: boolean): string {
  const title = inColumns(['%Own', '%Total', 'OwnTime', 'TotalTime'], 'Function (file:line)');
  return color ? `\u001b[7m${title}\u001b[0m` : title;
}

/** A function with its shares and times in one line of at most `columns`. */
export function functionLine(row: TopFunction, columns: number): string {
  const { ownPercent, totalPercent, ownMs, totalMs } = row;
  const figures = [
    `${ownPercent.toFixed(1)}%`,
    `${totalPercent.toFixed(1)}%`,
    seconds(ownMs),
    seconds(totalMs),
  ];
  const room = columns - inColumns(figures, '').length;
  return inColumns(figures, fittedFrameLabel({ name: row.function, file: row.file, line: row.line }, room));
}

function inColumns([own = '', total = '', ownTime = '', totalTime = '']: string[], what: string): string {
  return `${own.padStart(6)} ${total.padStart(7)} ${ownTime.padStart(8)} ${totalTime.padStart(9)}  ${what}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)}s`;
}
