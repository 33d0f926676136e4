import type { AnalysedRun } from '../lab/analyse.ts';
import { renderSummary } from '../lab/report/terminal.ts';
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
  else if (
    document.findings.some(({ verdict }) => verdict === 'fail') ||
    document.thresholds?.some(({ passed }) => !passed) === true
  ) {
    process.exitCode = exitCodes.failure;
  }
}
