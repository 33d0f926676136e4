import { linesAroundFunctions, renderTop } from '../lab/cpu/render-top.ts';
import type { TopTally } from '../lab/cpu/top-document.ts';
import type { TopView } from '../lab/cpu/top-view.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { LiveTable } from './live-table.ts';

const usualTop = 20;
/** Of what happened to the processes, on a terminal. */
const notesShown = 3;

/** Where `cpu top` is seen: a table in place that takes keys, tables one after the other, or documents. */
export class TopScreen {
  readonly #options: { json: boolean; rateHz: number; top: number | undefined };
  readonly #live = new LiveTable(process.stdout);
  #notes: string[] = [];
  #shown = 0;

  constructor(options: { json: boolean; rateHz: number; top: number | undefined }) {
    this.#options = options;
  }

  get takesKeys(): boolean {
    return this.inPlace && process.stdin.isTTY;
  }

  /** What happened: within the next refresh, and before the first one on stderr. */
  note(text: string): void {
    if (this.#shown === 0 || !this.inPlace) process.stderr.write(`${text}\n`);
    this.#notes.push(text);
  }

  show(tally: TopTally, view: TopView): void {
    const { json, rateHz, top = usualTop } = this.#options;
    this.#shown += 1;
    if (this.inPlace) {
      this.#draw(tally, view);
      return;
    }
    const document = tally.document(view, { top, rateHz, notes: json ? this.#notes : [] });
    this.#notes = [];
    const lines = json
      ? [toMaskedJson(document)]
      : [
          ...(this.#shown > 1 ? [''] : []),
          ...renderTop(document, { columns: process.stdout.columns ?? 80, color: false }),
        ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }

  /** Gives the keys of the terminal to `press`, until what it gives is called, or the process ends. */
  listen(press: (key: string) => void): () => void {
    const { stdin } = process;
    const onKeys = (keys: string): void => {
      for (const key of keys) press(key);
    };
    const restore = (): void => {
      stdin.setRawMode(false);
    };
    stdin.setRawMode(true);
    stdin.setEncoding('utf8');
    stdin.on('data', onKeys);
    process.once('exit', restore);
    return () => {
      stdin.off('data', onKeys);
      stdin.pause();
      process.off('exit', restore);
      restore();
    };
  }

  /** Leaves the last refresh standing. */
  end(): void {
    process.stderr.write(this.inPlace && this.#shown === 0 ? '\n' : '');
  }

  /** Whether the table is redrawn in one place. */
  get inPlace(): boolean {
    return process.stdout.isTTY && !this.#options.json;
  }

  #draw(tally: TopTally, view: TopView): void {
    const { rateHz, top } = this.#options;
    const { columns, rows } = process.stdout;
    const layout = { columns, color: process.env['NO_COLOR'] === undefined };
    const all = tally.document(view, {
      top: Number.POSITIVE_INFINITY,
      rateHz,
      notes: this.#notes.slice(-notesShown),
    });
    const keys = this.takesKeys ? view : undefined;
    // The title takes two lines, and the cursor stands below the last one.
    const room = Math.max(1, rows - 3 - linesAroundFunctions(all, layout, keys));
    const document = { ...all, functions: all.functions.slice(0, top ?? room) };
    const time = new Date(all.at).toTimeString().slice(0, 8);
    this.#live.show(() => renderTop(document, layout, keys).join('\n'), `gaugeway cpu top  ${time}`);
  }
}
