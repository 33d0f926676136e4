import { beforeAll, describe, expect, it } from 'vitest';
import { failureKind } from './failure-kind.ts';
import { LoadStatistics } from './load-statistics.ts';
import { renderLoadTable } from './load-table.ts';
import { failuresCsv } from './web/locust-csv.ts';
import { toLocustStats } from './web/locust-stats.ts';
import { WindowRecorder } from './window-recorder.ts';
import type { LoadSample } from '../timeline/samples.ts';

const texts = 100_000;
const perWindow = 5_000;
const name = 'tools/call echo';

/** A word for each number, without a digit, so that it is not taken for one text with a number in it. */
function letters(number: number): string {
  return number.toString().replaceAll(/\d/g, (digit) => String.fromCodePoint(0x67 + Number(digit)));
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

describe('100,000 texts of errors', () => {
  const statistics = new LoadStatistics();
  let longestMessage = 0;

  beforeAll(() => {
    const recorder = new WindowRecorder(false);
    for (let from = 0; from < texts; from += perWindow) {
      for (let text = from; text < from + perWindow; text += 1) {
        const failure = failureKind('json-rpc -32000', `no ${letters(text)} ${'x'.repeat(300)}`);
        recorder.finished({ name, latencyMs: 1, serviceMs: 1, responseBytes: 1, failure });
      }
      const { byName, starts } = recorder.take();
      const generator = { cpuPercent: 1, eventLoopDelayP99Ms: 1, rssBytes: 1, ...starts };
      // As it travels between the processes.
      const message = JSON.stringify({ windowMs: 1_000, users: 1, byName, generator });
      longestMessage = Math.max(longestMessage, message.length);
      const sample: LoadSample = JSON.parse(message);
      statistics.add(sample, from);
    }
  });

  it('travel between processes in a short message', () => {
    expect(longestMessage).toBeLessThan(20_000);
  });

  it('are kept up to a bound, the others together, and none is lost', () => {
    const kinds = statistics.byName[0]?.failuresByKind ?? {};
    expect(Object.keys(kinds).length).toBeLessThanOrEqual(501);
    expect(kinds['other']).toBeGreaterThan(texts - 2_000);
    expect(sum(Object.values(kinds))).toBe(texts);
    expect(sum(Object.values(statistics.total.failuresByKind))).toBe(texts);
    expect(sum(statistics.failures.map(({ occurrences }) => occurrences))).toBe(texts);
  });

  it('stay few in the file, in the JSON and on the page', () => {
    expect(failuresCsv(statistics).split('\r\n').length).toBeLessThanOrEqual(503);
    const { errors } = toLocustStats(statistics, 'running');
    expect(errors.length).toBeLessThanOrEqual(501);
    expect(sum(errors.map(({ occurrences }) => occurrences))).toBe(texts);
  });

  it('add up in the table of the terminal', () => {
    const table = renderLoadTable(statistics, { columns: 80, color: false });
    const [, listed = ''] = table.split('# occurrences  Failure\n');
    const counts = listed
      .trimEnd()
      .split('\n')
      .map((line) => Number.parseInt(line.trim(), 10));
    expect(counts).toHaveLength(21);
    expect(sum(counts)).toBe(texts);
    expect(listed).toMatch(/^ +\d+ {2}\d+ further kinds$/m);
  });
});
