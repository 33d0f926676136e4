import type { LookLayout } from '../lab/look/look-table.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { oneLine } from '../shared/one-line.ts';
import { exitCodes } from './exit-codes.ts';

/** Results on stdout, as tables or as a document; how it goes on stderr. */
export class HeapScreen {
  #drawn = false;

  /** A line for whoever waits. */
  note(text: string): void {
    this.#end();
    process.stderr.write(`${oneLine(maskSecrets(text))}\n`);
  }

  /** A line that takes the place of the one before, on a terminal only. */
  progress(text: string): void {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\u001b[2K${text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))}`);
    this.#drawn = true;
  }

  show(json: boolean, document: object, lines: (layout: LookLayout) => string[]): void {
    this.#end();
    if (json) {
      process.stdout.write(`${toMaskedJson(document, 2)}\n`);
      return;
    }
    const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
    const columns = process.stdout.isTTY ? process.stdout.columns : 80;
    process.stdout.write(`${lines({ columns, color }).join('\n')}\n`);
  }

  /** Sets the exit code of what was interrupted. */
  endedBy(signal: AbortSignal): void {
    if (signal.aborted) process.exitCode = exitCodes.interrupted;
  }

  #end(): void {
    if (this.#drawn) process.stderr.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
