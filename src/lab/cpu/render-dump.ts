import type { LookLayout } from '../look/look-table.ts';
import { wrapText } from '../report/wrap-text.ts';
import type { DumpDocument, DumpedProcess } from './dump.ts';
import { fittedFrameLabel } from './fitted-frame-label.ts';
import { waitingLines } from './waiting-lines.ts';

/** What the processes do as lines of at most `layout.columns`, the innermost function of each stack first. */
export function renderDump({ processes }: DumpDocument, layout: LookLayout): string[] {
  return processes.flatMap((process, at) => [...(at === 0 ? [] : ['']), ...processLines(process, layout)]);
}

function processLines(process: DumpedProcess, { columns, color }: LookLayout): string[] {
  const { pid, command, threads, waiting, fault } = process;
  const bold = (text: string): string => (color ? `\u001b[1m${text}\u001b[0m` : text);
  return [
    bold(cut(`Process ${pid}: ${command}`, columns)),
    ...threads.flatMap(({ thread, says, stack }) => [
      ...wrapText(`Thread ${thread}: ${says}`, columns, '  '),
      ...stack.map((frame) => `    ${fittedFrameLabel(frame, columns - 4)}`),
    ]),
    ...(waiting === null ? [] : ['The event loop waits for', ...waitingLines(waiting, columns)]),
    ...(fault === null ? [] : wrapText(`not seen: ${fault}`, columns, '  ')),
  ];
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
