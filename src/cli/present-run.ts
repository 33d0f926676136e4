import type { AnalysedRun } from '../lab/analyse.ts';
import { renderSummary } from '../lab/report/terminal.ts';
import type { RunDocument } from '../lab/run-document.ts';
import { exitCodes } from './exit-codes.ts';

/** Prints an analysed run, as a summary or as its result document, and sets the exit code to its verdict. */
export function presentRun({ document, folder, reportFile }: AnalysedRun, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
    const columns = process.stdout.isTTY ? process.stdout.columns : 80;
    process.stdout.write(renderSummary(document, { columns, color, folder, reportFile }));
  }
  if (document.interrupted) process.exitCode = exitCodes.interrupted;
  else if (failed(document)) process.exitCode = exitCodes.failure;
}

/**
 * A run that looked for the capacity drives the stack to its limit on purpose: its findings there are no failure, but
 * the lack of an answer is.
 */
function failed({ capacity, findings, thresholds = [], load }: RunDocument): boolean {
  if (thresholds.some(({ passed }) => !passed)) return true;
  // A run in which nothing was answered proves nothing of the stack.
  if (load.requests === 0) return true;
  if (capacity === undefined) return findings.some(({ verdict }) => verdict === 'fail');
  return capacity.answer === null || capacity.limit?.layer === 'generator';
}
