import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { sleep } from '../../src/shared/clock.ts';
import { spread } from '../hop/statistics.ts';
import type { Spread } from '../hop/statistics.ts';
import { findGenerators } from './generators.ts';
import type { Generator } from './generators.ts';
import { cpuClockOfAll, processTree } from './process-tree.ts';
import { startTarget } from './target.ts';
import type { Target } from './target.ts';

/**
 * How many requests a load generator sends per second of its own CPU, all of its processes counted: `gaugeway load`,
 * with and without trace context, beside autocannon, wrk and Locust on the cheapest target there is, in one run and in alternating order. The target
 * counts the requests, so that no generator is believed. `--json` prints the figures as a document.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const windowS = Number(values.seconds);
const connections = Number(values.connections);
/** Until every connection is there and a just-in-time compiler has seen what is hot. */
const warmUpMs = 2_000;
const startLimitMs = 30_000;
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const ratio = new Intl.NumberFormat('en', { minimumSignificantDigits: 2, maximumSignificantDigits: 2 });

/** What one turn showed, in steady state. */
interface Turn {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

async function takeTurn(generator: Generator, target: Target): Promise<Turn> {
  const child = spawn(generator.program, generator.args(target.url, connections), { stdio: 'ignore' });
  const ended = once(child, 'exit').then(() => true);
  const pid = child.pid ?? 0;
  try {
    const before = await target.requests();
    const giveUpMs = performance.now() + startLimitMs;
    // The count itself is a request.
    while ((await target.requests()) < before + 1_000) {
      const gone = await Promise.race([ended, sleep(50)]);
      if (gone === true || performance.now() > giveUpMs) throw new Error(`${generator.name} sends nothing`);
    }
    await sleep(warmUpMs);
    const cpuUs = cpuClockOfAll(processTree(pid));
    const [fromUs, fromMs, from] = [cpuUs(), performance.now(), await target.requests()];
    await sleep(windowS * 1_000);
    const [toUs, toMs, to] = [cpuUs(), performance.now(), await target.requests()];
    const sent = to - from;
    return { perCpuSecond: (sent * 1e6) / (toUs - fromUs), perSecond: (sent * 1e3) / (toMs - fromMs) };
  } finally {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      for (const each of processTree(pid)) process.kill(each, 'SIGKILL');
    }
    await ended;
  }
}

interface Figures {
  readonly name: string;
  readonly perCpuSecond: Spread;
  readonly perSecond: Spread;
  /** Of ours to this one, round by round, since neighbours on the machine disturb a round as a whole. */
  readonly ours: Spread;
}

async function measure(target: Target, generators: readonly Generator[]): Promise<Figures[]> {
  const turns = new Map<Generator, Turn[]>(generators.map((generator) => [generator, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? generators : generators.toReversed();
    for (const generator of order) {
      const turn = await takeTurn(generator, target);
      turns.get(generator)?.push(turn);
      process.stderr.write(
        `round ${round + 1} ${generator.name}: ${Math.round(turn.perCpuSecond)} per CPU-s\n`,
      );
    }
  }
  const [first] = generators;
  const ours = first === undefined ? [] : (turns.get(first) ?? []);
  return [...turns].map(([{ name }, own]) => ({
    name,
    perCpuSecond: spread(own.map(({ perCpuSecond }) => perCpuSecond)),
    perSecond: spread(own.map(({ perSecond }) => perSecond)),
    ours: spread(
      ours.map(({ perCpuSecond }, round) => perCpuSecond / (own[round]?.perCpuSecond ?? Number.NaN)),
    ),
  }));
}

/** As docs/guide/load.md shows it. */
function markdownTable(rows: readonly Figures[]): string[] {
  const cells = [
    ['generator', 'per CPU-second (min to max)', 'gaugeway to this one'],
    ...rows.map(({ name, perCpuSecond: { median, min, max }, ours }) => [
      name,
      `${whole.format(median)} (${whole.format(min)} to ${whole.format(max)})`,
      ratio.format(ours.median),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const [head = '', ...body] = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body];
}

const { generators, missing } = findGenerators();
await using target = await startTarget();
const figures = await measure(target, generators);
if (values.json) {
  console.log(
    JSON.stringify({
      node: process.version,
      target: target.name,
      rounds,
      windowS,
      connections,
      figures,
      missing,
    }),
  );
} else {
  console.log(
    `Requests per CPU-second of the generator: ${connections} connections to ${target.name}, median of ${rounds} ` +
      `rounds of ${windowS} s (min to max), Node ${process.version}\n`,
  );
  for (const line of markdownTable(figures)) console.log(line);
  for (const reason of missing) console.log(`left out: ${reason}`);
}
