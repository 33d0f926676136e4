import { type Command, Option } from 'commander';
import { growthDocument, growthFacts, growthSummary, renderGrowth } from '../lab/heap/render-growth.ts';
import { watchGrowth } from '../lab/heap/watch-growth.ts';
import { formatBytes } from '../lab/look/quantity.ts';
import { pageDataOf } from '../lab/profile/page-data.ts';
import { writeProfilePage } from '../lab/profile-files/write-profile-page.ts';
import { nowMs } from '../shared/clock.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import {
  addSamplingOptions,
  heapProcesses,
  oneMore,
  parseSeconds,
  type SamplingFlags,
} from './heap-options.ts';
import { HeapScreen } from './heap-screen.ts';
import { interruptSignal } from './interrupt-signal.ts';

const usualApartMs = 60_000;

interface GrowthFlags extends SamplingFlags {
  apart: number;
}

export function registerHeapGrowth(heap: Command): void {
  const command = heap
    .command('growth')
    .summary('what grew between two times, and whether it is a leak')
    .description(
      'Samples the live memory of Node processes twice and reads it each second in between: what grew, by function, and\n' +
        'whether memory grows without an end in sight. Ctrl-C takes the second sample early.',
    )
    .addOption(
      new Option('-o, --output <file>', 'write the difference of the two as a page (.html)')
        .argParser(oneMore)
        .default([], 'none'),
    )
    .addOption(
      new Option('--apart <time>', 'between the two samples; minutes tell more')
        .argParser(parseSeconds)
        .default(usualApartMs, '60s'),
    );
  addSamplingOptions(command);
  command.action(growth);
}

async function growth(flags: GrowthFlags): Promise<void> {
  const { apart: apartMs, interval: intervalBytes, pauseOk, output, json } = flags;
  for (const path of output) {
    if (!path.toLowerCase().endsWith('.html')) {
      throw new GaugewayError(
        'usage',
        `${path}: the difference of two samples is written as a page, which ends in .html`,
      );
    }
  }
  const processes = await heapProcesses(flags);
  const screen = new HeapScreen();
  const interrupt = interruptSignal(() => screen.note('interrupted: telling what was seen'));
  try {
    screen.note(`watching ${processes.map(({ label }) => label).join(', ')} …`);
    const atMs = nowMs();
    const grown = await Promise.all(
      processes.map((process) =>
        watchGrowth(process, {
          logger: createLogger('warn'),
          signal: interrupt.signal,
          apartMs,
          intervalBytes,
          pauseOk,
          onReading: ({ heapUsedBytes, rssBytes }) =>
            screen.progress(
              `${process.label}: heap ${formatBytes(heapUsedBytes)}, resident ${formatBytes(rssBytes)}`,
            ),
        }),
      ),
    );
    screen.show(
      json,
      { command: 'heap growth', atMs, files: output, processes: grown.map(growthDocument) },
      (layout) => grown.flatMap((each, at) => [...(at > 0 ? [''] : []), ...renderGrowth(each, layout)]),
    );
    for (const path of output) {
      const parts = (side: 'before' | 'after') =>
        grown.map((each) => ({ label: each.label, profile: each[side].profile }));
      const facts = grown.flatMap((each) => [`${each.label}: ${growthSummary(each)}`, ...growthFacts(each)]);
      const title = `growth of ${processes.map(({ label }) => label).join(', ')}`;
      await writeProfilePage(
        path,
        pageDataOf(
          { title, facts, parts: parts('after') },
          { title: 'first sample', facts: [], parts: parts('before') },
        ),
      );
      screen.note(`wrote ${path}`);
    }
    screen.endedBy(interrupt.signal);
  } finally {
    interrupt.release();
  }
}
