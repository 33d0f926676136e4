import { type Command, Option } from 'commander';
import { growthDocument, growthFacts, growthSummary, renderGrowth } from '../lab/heap/render-growth.ts';
import { type HeapGrowth, watchGrowth } from '../lab/heap/watch-growth.ts';
import { formatBytes } from '../lab/look/quantity.ts';
import { pageDataOf } from '../lab/profile/page-data.ts';
import { writeProfilePage } from '../lab/profile-files/write-profile-page.ts';
import { GaugewayError } from '../shared/errors.ts';
import { addSamplingOptions, oneMore, parseSeconds, type SamplingFlags } from './heap-options.ts';
import { runHeap } from './heap-run.ts';

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
  const { apart: apartMs, interval: intervalBytes, output } = flags;
  for (const path of output) {
    if (!path.toLowerCase().endsWith('.html')) {
      throw new GaugewayError(
        'usage',
        `${path}: the difference of two samples is written as a page, which ends in .html`,
      );
    }
  }
  await runHeap(flags, {
    command: 'heap growth',
    does: 'watching',
    sample: (process, options, screen) =>
      watchGrowth(process, {
        ...options,
        apartMs,
        intervalBytes,
        onReading: ({ heapUsedBytes, rssBytes }) =>
          screen.progress(
            `${process.label}: heap ${formatBytes(heapUsedBytes)}, resident ${formatBytes(rssBytes)}`,
          ),
      }),
    document: growthDocument,
    render: renderGrowth,
    write: writeGrowth,
  });
}

/** The first sample is what the page compares the second one with. */
async function writeGrowth(path: string, grown: readonly HeapGrowth[], names: string): Promise<void> {
  const parts = (side: 'before' | 'after') =>
    grown.map((each) => ({ label: each.label, profile: each[side].profile }));
  const facts = grown.flatMap((each) => [`${each.label}: ${growthSummary(each)}`, ...growthFacts(each)]);
  await writeProfilePage(
    path,
    pageDataOf(
      { title: `growth of ${names}`, facts, parts: parts('after') },
      { title: 'first sample', facts: [], parts: parts('before') },
    ),
  );
}
