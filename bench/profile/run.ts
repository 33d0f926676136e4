import { parseArgs } from 'node:util';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { usualProfiling, usualRateHz } from '../../src/lab/collect/profiling-settings.ts';
import { openProfiler } from '../../src/lab/profilers/open-profiler.ts';
import { ProfilerCpu } from '../../src/lab/profilers/profiler-cpu.ts';
import { findProgram } from '../../test/support/requires.ts';
import { pySpy, putPySpyOnPath } from '../../test/support/py-spy.ts';
import { median, medianInterval } from '../hop/statistics.ts';
import type { MedianInterval } from '../hop/statistics.ts';
import { targetKinds } from './busy-target.ts';
import type { TargetKind } from './busy-target.ts';
import { takeRound } from './take-round.ts';
import type { Round } from './take-round.ts';

/**
 * What a program that takes a whole core loses to being profiled by this package, at the rates that are used unless
 * others are asked for: work per second of its own CPU, and per second that passed, while a profile is taken beside
 * while none is, in many short pairs of one run. What py-spy and perf use themselves is told apart. A pair in which the
 * target had to wait for a core is taken again. `--rates 100,1000,5000` takes other rates, `--only node` one runtime
 * (`python`, `native`), `--json` prints the figures as a document.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '0.4' },
    rates: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const windowS = Number(values.seconds);
const rates = values.rates?.split(',').map(Number);
/** What a busy program may lose at the usual rates. */
const budget = 0.02;
/** Ten times as close in Node: what a sample costs is seen best where there are many. */
const closeRateHz = 1000;
/** So many pairs at least make an interval of which something can be concluded. */
const fewestRounds = 6;
/** A pair in which the target waited longer for a core shows what the neighbours do. */
const mostWaitShare = 0.05;
/** So many pairs, for each one that was asked for, are taken until enough were undisturbed. */
const tries = 2;
/** Until a just-in-time compiler has seen what is hot. */
const warmUpMs = 5_000;

interface Figures {
  readonly name: string;
  readonly rateHz: number;
  /** Parts of 1, of all rounds. */
  readonly cpuLoss: MedianInterval;
  readonly loss: MedianInterval;
  readonly turnMs: MedianInterval;
  readonly profilerShare: number;
  /** Pairs in which neighbours took the core; where they leave too few others, their figures are shown. */
  readonly disturbed: number;
  readonly verdict: Verdict;
  readonly rounds: readonly Round[];
}

type Verdict = 'within' | 'over' | 'not decided';

/** Whether the interval of the loss with the turns of a session, not only its middle, lies on one side of the budget. */
function verdictOf({ low, high }: MedianInterval, pairs: number): Verdict {
  if (pairs < fewestRounds) return 'not decided';
  if (high <= budget) return 'within';
  return low > budget ? 'over' : 'not decided';
}

async function measure(kind: TargetKind, rateHz: number, profilers: ProfilerCpu): Promise<Figures> {
  await using target = await kind.start();
  await sleep(warmUpMs);
  const { signal } = new AbortController();
  const profiler = await openProfiler(target.pid, { logger: createLogger('silent'), signal, rateHz });
  const taken: Round[] = [];
  const undisturbed = (): Round[] => taken.filter(({ waitShare }) => waitShare <= mostWaitShare);
  while (undisturbed().length < rounds && taken.length < tries * rounds) {
    const round = await takeRound(target, profiler, { windowMs: windowS * 1_000, profilers });
    taken.push(round);
    process.stderr.write(
      `${kind.name}, ${rateHz} Hz, pair ${taken.length}: ${percent(round.cpuLoss)} % lost, ` +
        `${percent(round.waitShare)} % waited for a core\n`,
    );
  }
  await profiler.close();
  const good = undisturbed();
  const shown = good.length < fewestRounds ? taken : good;
  const intervalOf = (figure: keyof Round): MedianInterval =>
    medianInterval(shown.map((round) => round[figure]));
  const cpuLoss = intervalOf('cpuLoss');
  const turns = median(shown.map(({ turnMs }) => turnMs)) / usualProfiling.windowMs;
  return {
    name: kind.name,
    rateHz,
    cpuLoss,
    loss: intervalOf('loss'),
    turnMs: intervalOf('turnMs'),
    profilerShare: median(shown.map(({ profilerShare }) => profilerShare)),
    disturbed: taken.length - good.length,
    verdict: verdictOf({ ...cpuLoss, low: cpuLoss.low + turns, high: cpuLoss.high + turns }, good.length),
    rounds: taken,
  };
}

function percent(part: number): string {
  const rounded = (part * 100).toFixed(1);
  return rounded === '-0.0' ? '0.0' : rounded;
}

function cell({ median: middle, low, high }: MedianInterval): string {
  return `${percent(middle)} (${percent(low)} to ${percent(high)})`;
}

/** As docs/guide/what-watching-costs.md shows it. */
function markdownTable(figures: readonly Figures[]): string[] {
  const cells = [
    ['% lost of', 'Hz', 'work per CPU s', 'work per s', 'a turn, ms', 'profiler', `within ${budget * 100} %`],
    ...figures.map((row) => [
      row.name,
      String(row.rateHz),
      cell(row.cpuLoss),
      cell(row.loss),
      row.turnMs.median.toFixed(1),
      `${percent(row.profilerShare)} %`,
      { within: 'yes', over: 'no', 'not decided': 'undecided' }[row.verdict],
    ]),
  ];
  const columns =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const [head = '', ...body] = cells.map(
    (row) => `| ${row.map((text, column) => text.padEnd(columns[column] ?? 0)).join(' | ')} |`,
  );
  return [head, `| ${columns.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body];
}

putPySpyOnPath();
const perf = findProgram('perf');
const missing: string[] = [];
const figures: Figures[] = [];
const profilers = new ProfilerCpu();
for (const kind of targetKinds) {
  if (values.only !== undefined && values.only !== kind.runtime) continue;
  const reason =
    kind.missing ?? { node: undefined, python: pySpy.missing, native: perf.missing }[kind.runtime];
  if (reason !== undefined) {
    missing.push(`${kind.name}: ${reason}`);
    continue;
  }
  const usual = [usualRateHz[kind.runtime], ...(kind.runtime === 'node' ? [closeRateHz] : [])];
  for (const rateHz of rates ?? usual) figures.push(await measure(kind, rateHz, profilers));
}

if (values.json) {
  console.log(JSON.stringify({ node: process.version, rounds, windowS, figures, missing }));
} else {
  console.log(
    `Median of ${rounds} pairs of ${windowS} s without and with a profiler (95 % interval), Node ${process.version}\n`,
  );
  for (const line of markdownTable(figures)) console.log(line);
  for (const { name, rateHz, disturbed, rounds: taken } of figures) {
    if (disturbed > 0)
      console.log(`${name}, ${rateHz} Hz: in ${disturbed} of ${taken.length} pairs, others took the core`);
  }
  for (const reason of missing) console.log(`left out: ${reason}`);
}
