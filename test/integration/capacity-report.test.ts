import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/lab/analyse.ts';
import { createBundle, writeRunDocument } from '../../src/lab/timeline/bundle.ts';
import { chromiumProgram, launchChromium } from '../support/browser.ts';
import { openingDocument } from '../support/report-bundle.ts';
import { title } from '../support/requires.ts';
import { loadWindow, syntheticRun } from '../support/synthetic-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const startedAtMs = Date.UTC(2026, 2, 1, 10, 0, 0);
const levels = [2, 4, 8, 16, 32, 38, 46, 19, 23, 27];
const holdUsers = 32;
const windows = 4;

/** The bundle of a ramp on a stack with a hard limit: 160 requests a second, and 150 ms from request to request. */
async function writeCapacityBundle(folder: string): Promise<void> {
  const { load } = syntheticRun();
  const healthy = load.status === 'ok' ? [...load.value.values()].flat()[0]?.data : undefined;
  if (healthy === undefined) throw new Error('the healthy run has no load');
  const opening = openingDocument('capacity', 10);
  const settings = { ...opening.settings, ramp: { startUsers: 2, maxUsers: 1000 } };
  const bundle = await createBundle(folder);
  await writeRunDocument(folder, { ...opening, settings });
  bundle.settings(settings);
  let atMs = startedAtMs;
  const hold = (users: number, role: 'ramp' | 'hold'): void => {
    const startMs = atMs;
    for (let window = 0; window < windows; window += 1) {
      atMs += 1000;
      const rps = Math.round(Math.min(users / 0.15, 160));
      const data = { ...healthy, users, byName: { 'tools/call echo': loadWindow(rps, 50) } };
      bundle.append({ kind: 'sample', atMs, source: 'load', target: 'generator', costMs: 0, data });
    }
    bundle.append({ kind: 'step', role, users, startMs, endMs: atMs });
  };
  bundle.append({ kind: 'phase', atMs, phase: 'ramp', edge: 'start' });
  for (const users of levels) hold(users, 'ramp');
  bundle.append({ kind: 'phase', atMs, phase: 'ramp', edge: 'end' });
  bundle.append({ kind: 'phase', atMs, phase: 'steady', edge: 'start' });
  hold(holdUsers, 'hold');
  bundle.append({ kind: 'phase', atMs, phase: 'steady', edge: 'end' });
  await bundle.close();
}

describe.skipIf(chromiumProgram.missing)(title('the report of a capacity run', chromiumProgram), () => {
  it('begins with the answer, draws the curves and lists the levels, on a narrow screen too', async () => {
    await using folder = await temporaryFolder();
    await writeCapacityBundle(folder.path);
    const { document, reportFile } = await analyse(folder.path);
    expect(document.capacity).toMatchObject({ ended: 'throughput', answer: { users: 27, atLeast: false } });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      await page.goto(pathToFileURL(reportFile).href);
      await page.locator('#capacity canvas').nth(1).waitFor();
      expect(await page.locator('h1').textContent()).toMatch(
        /^This stack holds 1(59|60) requests\/s, reached with 27 users;/,
      );
      expect(await page.locator('#capacity tbody tr').count()).toBe(levels.length + 1);
      expect(await page.locator('#capacity').textContent()).toMatch(/Best fit.*operational bounds/);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
