import type { HeapOptions, HeapProcess } from '../lab/heap/heap-target.ts';
import type { LookLayout } from '../lab/look/look-table.ts';
import { nowMs } from '../shared/clock.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { heapProcesses, type SamplingFlags } from './heap-options.ts';
import { HeapScreen } from './heap-screen.ts';
import { interruptSignal } from './interrupt-signal.ts';

/** What a command does with the heap of each process, and how that is told. */
export interface HeapRun<Sampled> {
  command: `heap ${string}`;
  /** E.g. `sampling`, before the names of the processes. */
  does: string;
  sample: (process: HeapProcess, options: HeapOptions, screen: HeapScreen) => Promise<Sampled>;
  document: (sampled: Sampled) => object;
  render: (sampled: Sampled, layout: LookLayout) => string[];
  write: (path: string, sampled: readonly Sampled[], title: string) => Promise<void>;
  /** Sends it elsewhere, and resolves to a line about that; undefined when nothing was asked for. */
  send?: (sampled: readonly Sampled[]) => Promise<string | undefined>;
}

/**
 * Samples all processes that the options name at the same time, until each is done or Ctrl-C, shows what was seen and
 * writes it. One of several that fails is told, and leaves the others alone; the error of the only one is thrown.
 */
export async function runHeap<Sampled>(flags: SamplingFlags, run: HeapRun<Sampled>): Promise<void> {
  const screen = new HeapScreen();
  const processes = await heapProcesses(flags, (text) => screen.note(text));
  const interrupt = interruptSignal(() => screen.note('interrupted: telling what was seen'));
  const options = { logger: createLogger('warn'), signal: interrupt.signal, pauseOk: flags.pauseOk };
  const names = processes.map(({ label }) => label).join(', ');
  try {
    screen.note(`${run.does} ${names} …`);
    const atMs = nowMs();
    const sampled = await eachOf(processes, (process) => run.sample(process, options, screen), screen);
    const document = {
      command: run.command,
      atMs,
      files: flags.output,
      processes: sampled.map(run.document),
    };
    screen.show(flags.json, document, (layout) =>
      sampled.flatMap((each, at) => [...(at > 0 ? [''] : []), ...run.render(each, layout)]),
    );
    for (const path of flags.output) {
      await run.write(path, sampled, names);
      screen.note(`wrote ${path}`);
    }
    const sent = await run.send?.(sampled);
    if (sent !== undefined) screen.note(sent);
    screen.endedBy(interrupt.signal);
  } finally {
    interrupt.release();
  }
}

async function eachOf<Sampled>(
  processes: readonly HeapProcess[],
  sample: (process: HeapProcess) => Promise<Sampled>,
  screen: HeapScreen,
): Promise<Sampled[]> {
  const faults: GaugewayError[] = [];
  const sampled = await Promise.all(
    processes.map(async (process) => {
      try {
        return [await sample(process)];
      } catch (error) {
        if (!(error instanceof GaugewayError)) throw error;
        faults.push(error);
        if (processes.length > 1) screen.note(error.message);
        return [];
      }
    }),
  );
  const [fault] = faults;
  if (fault !== undefined && faults.length === processes.length) throw fault;
  return sampled.flat();
}
