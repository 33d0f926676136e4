import type { Limits } from '../lab/look/limits.ts';
import { renderLook } from '../lab/look/look-table.ts';
import type { Look, LookDocument } from '../lab/look/look.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { nowMs, sleep } from '../shared/clock.ts';
import { formatDurationMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { oneLine } from '../shared/one-line.ts';
import { exitCodes } from './exit-codes.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { LiveTable } from './live-table.ts';
import type { LookFlags } from './look-options.ts';

/**
 * Takes one look, or looks until Ctrl-C with `--watch`, prints it, and sets the exit code of `--check`. Ctrl-C within
 * the window of a look ends the window: what was seen until then is shown. `onDocument` gets what was
 * shown. Closes the look.
 */
export async function runLook<Reading, Document extends LookDocument>(
  look: Look<Reading, Document>,
  flags: LookFlags,
  limits: Limits,
  onDocument?: (document: Document) => Promise<void>,
): Promise<void> {
  const interrupt = interruptSignal(() => undefined);
  const { signal } = interrupt;
  const screen = new LookScreen(flags);
  const working = new AbortController();
  try {
    let before: Reading | undefined;
    if (look.needsWindow) {
      before = await look.read(signal);
      const windowMs = flags.window ?? flags.every;
      screen.note(`looking for ${formatDurationMs(windowMs)} …`);
      await sleep(windowMs, signal);
    }
    for (;;) {
      // The last reading of a window is taken although the user wants to go; any other ends with his Ctrl-C.
      const after = await readAgain(look, look.needsWindow ? working.signal : signal, screen);
      if (after !== undefined) {
        const document = look.judge(after, before, limits);
        screen.show(document, (layout) => renderLook(document, look.tables(document), layout));
        await onDocument?.(document);
        if (flags.check) process.exitCode = document.verdict === 'fail' ? exitCodes.failure : exitCodes.ok;
        before = after;
      }
      if (!flags.watch || signal.aborted) break;
      await sleep(flags.every, signal);
      if (signal.aborted) break;
    }
    if (signal.aborted && !flags.watch) process.exitCode = exitCodes.interrupted;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new GaugewayError('interrupted', 'interrupted', { cause: error });
  } finally {
    working.abort();
    interrupt.release();
    await look.close();
  }
}

/** Undefined for a source that was read and fails for a moment, which does not end a watch, and for Ctrl-C in one. */
async function readAgain<Reading>(
  look: Look<Reading, LookDocument>,
  signal: AbortSignal,
  screen: LookScreen,
): Promise<Reading | undefined> {
  try {
    return await look.read(signal);
  } catch (error) {
    if (signal.aborted && screen.watches) return undefined;
    const passing = error instanceof GaugewayError && error.spec.retryable;
    if (!passing || !screen.watches) throw error;
    screen.fault(error);
    return undefined;
  }
}

/** Where looks are printed: documents, tables in place, or tables one after the other. */
class LookScreen {
  readonly #flags: LookFlags;
  readonly #live = new LiveTable(process.stdout);
  #shown = 0;

  constructor(flags: LookFlags) {
    this.#flags = flags;
  }

  /** Whether an earlier look was shown, and another one is wanted. */
  get watches(): boolean {
    return this.#flags.watch && this.#shown > 0;
  }

  fault(error: GaugewayError): void {
    process.stderr.write(`${oneLine(maskSecrets(error.message))}\n`);
  }

  /** Said on stderr where somebody waits in front of it. */
  note(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
  }

  show(document: LookDocument, lines: (layout: { columns: number; color: boolean }) => string[]): void {
    const { json, watch } = this.#flags;
    this.#shown += 1;
    if (json) {
      process.stdout.write(`${toMaskedJson(document, watch ? undefined : 2)}\n`);
      return;
    }
    const time = new Date(nowMs()).toTimeString().slice(0, 8);
    if (watch && process.stdout.isTTY) {
      this.#live.show((layout) => lines(layout).join('\n'), `${document.command}  ${time}  (Ctrl-C ends)`);
      return;
    }
    const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
    const columns = process.stdout.isTTY ? process.stdout.columns : 80;
    const head = watch ? [...(this.#shown > 1 ? [''] : []), time] : [];
    process.stdout.write(`${[...head, ...lines({ columns, color })].join('\n')}\n`);
  }
}
