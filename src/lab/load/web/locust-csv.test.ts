import { describe, expect, it } from 'vitest';
import { LatencySketch } from '../../../shared/latency-sketch.ts';
import { LoadStatistics } from '../load-statistics.ts';
import { HistoryCsv } from './history-csv.ts';
import { exceptionsCsv, failuresCsv, historyCsvHeader, historyCsvLines, requestsCsv } from './locust-csv.ts';

/** One second of a hundred calls of 1 to 100 ms, one of which failed, and one check. */
function secondOf(statistics: LoadStatistics, atMs: number): void {
  const latency = new LatencySketch();
  for (let ms = 1; ms <= 100; ms += 1) latency.record(ms * 1000);
  const check = new LatencySketch();
  check.record(250_000);
  statistics.add(
    {
      windowMs: 1000,
      users: 2,
      byName: {
        'tools/call "a,b"': {
          requests: 100,
          failures: 1,
          failuresByKind: { isError: 1 },
          latency: latency.toJSON(),
          responseBytes: 150,
        },
        'GET /health': { requests: 1, failures: 0, failuresByKind: {}, latency: check.toJSON() },
      },
      generator: {
        cpuPercent: 1,
        eventLoopDelayP99Ms: 1,
        lateStarts: 0,
        plannedStarts: 0,
        maxLateMs: 0,
        rssBytes: 1,
      },
    },
    atMs,
  );
}

const statistics = new LoadStatistics();
secondOf(statistics, 5_000);

describe('the file of requests', () => {
  it("has Locust's columns, one row per name and all together, with commas and quotes kept apart", () => {
    expect(requestsCsv(statistics).split('\r\n')).toEqual([
      'Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,' +
        'Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,' +
        '99.99%,100%',
      'GET,/health,1,0,250,250,250,250,0,1,0,250,250,250,250,250,250,250,250,250,250,250',
      'POST,"tools/call ""a,b""",100,1,50,50.5,1,100,1.5,100,1,51,67,76,81,91,96,99,100,100,100,100',
      expect.stringMatching(/^,Aggregated,101,1,51,/),
      '',
    ]);
  });

  it('says N/A where there are no requests', () => {
    const [, aggregated] = requestsCsv(new LoadStatistics()).split('\r\n');
    expect(aggregated).toBe(`,Aggregated,0,0,0,0,0,0,0,0,0${',N/A'.repeat(11)}`);
  });
});

it('the file of failures tells when they were seen, in seconds', () => {
  expect(failuresCsv(statistics)).toBe(
    'Method,Name,Error,Occurrences,First Seen,Last Seen\r\nPOST,"tools/call ""a,b""",isError,1,5,5\r\n',
  );
});

it('the file of exceptions keeps the lines of a traceback in one field', () => {
  const exception = { count: 2, msg: 'no', traceback: 'Error: no\n    at here', nodes: 'local' };
  expect(exceptionsCsv([exception])).toBe(
    'Count,Message,Traceback,Nodes\r\n2,no,"Error: no\n    at here",local\r\n',
  );
});

describe('the file of history', () => {
  it('has as many fields as its header', () => {
    const [line = ''] = historyCsvLines(statistics, 5_900, false).split('\r\n');
    expect(line).toMatch(/^5,2,,Aggregated,101\.000000,1\.000000,51,/);
    expect(line.split(',')).toHaveLength(historyCsvHeader.split(',').length);
  });

  it('tells of every name on request', () => {
    const lines = historyCsvLines(statistics, 5_900, true).trimEnd().split('\r\n');
    expect(lines.map((line) => line.split(',')[3])).toEqual(['/health', '"tools/call ""a', 'Aggregated']);
  });

  it('has the percentiles of the last ten seconds by name, those of the whole test otherwise', () => {
    const long = new LoadStatistics();
    secondOf(long, 1_000);
    const idle = {
      cpuPercent: 0,
      eventLoopDelayP99Ms: 0,
      lateStarts: 0,
      plannedStarts: 0,
      maxLateMs: 0,
      rssBytes: 0,
    };
    for (let second = 2; second <= 12; second += 1) {
      long.add({ windowMs: 1000, users: 2, byName: {}, generator: idle }, second * 1000);
    }
    const fields = (everyName: boolean) =>
      historyCsvLines(long, 12_000, everyName).trimEnd().split('\r\n').at(-1)?.split(',');
    expect(fields(true)?.slice(3, 7)).toEqual(['Aggregated', '0.000000', '0.000000', 'N/A']);
    expect(fields(false)?.slice(3, 7)).toEqual(['Aggregated', '0.000000', '0.000000', '51']);
  });

  it('drops its oldest moments where it would grow without bound', () => {
    const history = new HistoryCsv(1_000);
    for (let second = 1; second <= 20; second += 1) history.add(statistics, second * 1000);
    const lines = history.text.trimEnd().split('\r\n');
    expect(`${lines[0]}\r\n`).toBe(historyCsvHeader);
    expect(lines.at(-1)).toMatch(/^20,/);
    expect(history.text.length).toBeLessThanOrEqual(1_000 + historyCsvHeader.length);
    history.clear();
    expect(history.text).toBe(historyCsvHeader);
  });
});
