import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/lab/analyse.ts';
import type { Artifacts } from '../../src/lab/diagnose/artifacts.ts';
import { jsonForScript } from '../../src/lab/console-page.ts';
import { renderReport, writeReport } from '../../src/lab/report/html.ts';
import type { EmbeddedRun, ReportData } from '../../src/lab/report/report-data.ts';
import { renderSummary } from '../../src/lab/report/terminal.ts';
import type { RunDocument } from '../../src/lab/run-document.ts';
import { writeReportBundle } from '../support/report-bundle.ts';
import { seededRandom, syntheticRun } from '../support/synthetic-run.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const hostile = 'SELECT \'</script><script>document.title = "owned"</script>\' -- \u2028 <!--';

let folder: TemporaryFolder;
let run: RunDocument;
let reportFile: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeReportBundle(folder.path, { query: hostile });
  ({ document: run, reportFile } = await analyse(folder.path));
});
afterAll(() => folder[Symbol.asyncDispose]());

function embeddedIn(html: string): { embedded: EmbeddedRun; data: ReportData } {
  const text = /<script type="application\/json" id="run-data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  const embedded: EmbeddedRun = JSON.parse(text);
  const data: ReportData = JSON.parse(gunzipSync(Buffer.from(embedded.data, 'base64')).toString());
  return { embedded, data };
}

/** Five seconds of a process that is busy everywhere at once: what compresses worst. */
function deepProfile(random: () => number, startMs: number): Artifacts['profiles'][number] {
  const nodes = Array.from({ length: 3000 }, (_, index) => ({
    frame: Math.floor(random() * 800),
    parent: index === 0 ? -1 : Math.floor(random() * index),
    self: 0,
  }));
  const samples = Array.from({ length: 5000 }, () => {
    const sample = { node: Math.floor(random() * 3000), weight: 900 + Math.floor(random() * 200) };
    const node = nodes[sample.node];
    if (node) node.self += sample.weight;
    return sample;
  });
  const frames = Array.from({ length: 800 }, (_, index) => ({
    name: `handler${index}`,
    file: `/app/src/part-${index % 40}/handler-${index}.ts`,
    line: index,
    column: 1,
  }));
  const window = { startMs, endMs: startMs + 5000 };
  return {
    target: 'gateway (pid 100)',
    pid: 100,
    ...window,
    file: `profiles/gateway-${startMs}.cpuprofile`,
    profile: {
      name: 'gateway',
      unit: 'microseconds',
      order: 'time',
      ...window,
      interval: 1000,
      frames,
      nodes,
      samples,
    },
  };
}

function weigh(selfs: number[]): number {
  return selfs.reduce((sum, self) => sum + self, 0);
}

/** The window of a replica, with what one of `some` holds. */
function windowOf(
  some: readonly Artifacts['profiles'][number][],
  replica: number,
  window: number,
): Artifacts['profiles'][number] {
  const like = some[(replica + window) % some.length] ?? deepProfile(seededRandom(1), 0);
  const [startMs, endMs] = [6000 + window * 5000, 11_000 + window * 5000];
  return {
    ...like,
    target: `gateway-${replica} (pid ${100 + replica})`,
    pid: 100 + replica,
    file: `profiles/gateway-${replica}-${window}.cpuprofile`,
    startMs,
    endMs,
    profile: { ...like.profile, startMs, endMs },
  };
}

describe('report.html', () => {
  it('is one file below 1.5 MB that refers to nothing outside', async () => {
    const html = await readFile(reportFile, 'utf8');
    expect(Buffer.byteLength(html)).toBeLessThan(1_500_000);
    const markup = html.replaceAll(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, '');
    expect(markup).not.toMatch(/\b(src|href)="(?!data:|#)/);
  });

  it('holds the document, the charts, the plans and the profiles', async () => {
    const html = await readFile(reportFile, 'utf8');
    const { embedded, data } = embeddedIn(html);
    expect(embedded.document).toEqual(run);
    expect(data.plans.map((plan) => plan.sql)).toEqual([hostile]);
    expect(data.profiles.flatMap(({ files }) => files)).toEqual(run.profiles.map(({ file }) => file));
    expect(data.charts.charts.map((chart) => chart.id)).toEqual(
      expect.arrayContaining(['users', 'throughput', 'latency', 'cpu', 'connections']),
    );
  });

  it('is written the same again from the same bundle', async () => {
    const before = await readFile(reportFile, 'utf8');
    await analyse(folder.path);
    expect(await readFile(reportFile, 'utf8')).toBe(before);
  });

  it('stays below 1.5 MB for a long run of many processes, and opens every profile all the same', async () => {
    await using other = await temporaryFolder();
    const random = seededRandom(7);
    const some = Array.from({ length: 6 }, () => deepProfile(random, 0));
    const windows = Array.from({ length: 4 * 120 }, (_, at) => windowOf(some, at % 4, Math.floor(at / 4)));
    const path = await writeReport(other.path, run, [], syntheticRun({ seconds: 600, profiles: windows }));
    const html = await readFile(path, 'utf8');
    expect(Buffer.byteLength(html)).toBeLessThan(1_500_000);
    const { profiles, profileDetail } = embeddedIn(html).data;
    expect(profiles.flatMap(({ files }) => files).toSorted()).toEqual(
      windows.map(({ file }) => file).toSorted(),
    );
    expect(weigh(profiles.flatMap(({ profile }) => profile.nodes.self))).toBe(
      weigh(windows.flatMap(({ profile }) => profile.nodes.map(({ self }) => self))),
    );
    // What was left out is told, and the page says it.
    expect(profileDetail.minShare).toBeGreaterThan(0.001);
    expect(new Set(profiles.map(({ target }) => target)).size).toBe(4);
  });

  it('escapes what could end a script and keeps the value', () => {
    const text = jsonForScript({ hostile });
    expect(text).not.toMatch(/[<>\u2028]/);
    expect(JSON.parse(text)).toEqual({ hostile });
  });

  it('is refused when the app has no place for the run', () => {
    const data: ReportData = {
      charts: { timesMs: [], charts: [] },
      plans: [],
      profiles: [],
      gaps: [],
      gapSpans: [],
      profileDetail: { minShare: 0, keepSamples: true },
    };
    expect(() => renderReport('<html></html>', run, data)).toThrow(/npm run build:console/);
  });
});

function render(columns: number, color = false): string {
  return renderSummary(run, { columns, color, folder: 'runs/x', reportFile: 'runs/x/report.html' });
}

describe('the summary on a terminal', () => {
  it.each([120, 80, 60, 40, 32])('fits %i columns without trailing spaces', (columns) => {
    const lines = render(columns).split('\n');
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.filter((line) => /\s$/.test(line))).toEqual([]);
  });

  it('says the verdict first, then the load, the requests, findings, what was ruled out and where the files are', () => {
    const text = render(200);
    const parts = [
      run.findings[0]?.title.replaceAll('`', '') ?? 'no finding',
      'requests/s, p50',
      'tools/list',
      run.findings[0]?.advice[0]?.replaceAll('`', '') ?? 'no advice',
      'Ruled out: ',
      'Not readable: prometheus of gateway (GET /metrics/prometheus: 503)',
      'runs/x/report.html',
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('colours only when asked to', () => {
    expect(render(80)).not.toContain('\u001b');
    expect(render(80, true)).toContain('\u001b[1;31m');
  });

  it('says so when nothing was found', () => {
    const text = renderSummary(
      { ...run, findings: [] },
      { columns: 80, color: false, folder: 'x', reportFile: 'y' },
    );
    expect(text).toContain('✓ Nothing found that limits this stack at this load.');
  });
});
