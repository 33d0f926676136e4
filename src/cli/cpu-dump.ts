import type { Command } from 'commander';
import { type DumpDocument, dumpProcesses } from '../lab/cpu/dump.ts';
import { descendantsOf } from '../lab/cpu/process-tree.ts';
import { renderDump } from '../lab/cpu/render-dump.ts';
import { runtimeOf } from '../lab/profilers/runtime-of.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { nowMs } from '../shared/clock.ts';
import { GaugewayError } from '../shared/errors.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { oneLine } from '../shared/one-line.ts';
import type { WatchedProcess } from '../shared/stack-description.ts';
import { lookFlags, profilerOpener } from './cpu-options.ts';
import { addSelectionOptions, type SelectionFlags, selectProcesses } from './cpu-selection.ts';
import { interruptSignal } from './interrupt-signal.ts';

/** `gaugeway cpu dump`, below `cpu`. */
export function registerCpuDump(cpu: Command): void {
  const command = cpu
    .command('dump')
    .summary('what each process and thread is doing now')
    .description(
      'Shows the stack of each thread now, the innermost function first, and what event loops wait for.\n' +
        'A process that does not answer is told as the kernel sees it. The processes are left as they were found.',
    );
  addSelectionOptions(command);
  command.option('--json', 'print a document instead', false).action(dump);
}

async function dump(flags: SelectionFlags & { json: boolean }): Promise<void> {
  const interrupt = interruptSignal(() => undefined);
  try {
    const chosen = await selectProcesses(flags, note);
    const open = profilerOpener(lookFlags, interrupt.signal);
    const all = flags.subprocesses ? [...chosen, ...(await children(chosen))] : chosen;
    const document: DumpDocument = {
      command: 'cpu dump',
      at: new Date(nowMs()).toISOString(),
      processes: await dumpProcesses(all, open, note),
    };
    const layout = {
      columns: process.stdout.isTTY ? process.stdout.columns : 80,
      color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    };
    const text = flags.json
      ? toMaskedJson(document, 2)
      : renderDump(document, layout).map(maskSecrets).join('\n');
    process.stdout.write(`${text}\n`);
  } finally {
    interrupt.release();
  }
}

function note(text: string): void {
  process.stderr.write(`${maskSecrets(oneLine(text))}\n`);
}

/** Those of them whose functions are known. What cannot be read, as it has ended or is another user's, is told on stderr. */
async function children(chosen: readonly WatchedProcess[]): Promise<WatchedProcess[]> {
  const found: WatchedProcess[] = [];
  for (const pid of await descendantsOf(chosen.map((each) => each.pid))) {
    try {
      if ((await runtimeOf(pid)) !== 'native') found.push({ role: 'gateway', name: `child ${pid}`, pid });
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      note(error.message);
    }
  }
  return found;
}
