import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type BrowserContextOptions, type Page } from 'playwright-core';
import { Profile as Pprof } from 'pprof-format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/lab/analyse.ts';
import { fromCpuProfile } from '../../src/lab/profile/from-cpuprofile.ts';
import { chromiumProgram } from '../support/browser.ts';
import { writeReportBundle } from '../support/report-bundle.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { watchedBrowser } from '../support/watched-page.ts';

/** A machine that is busy with other tests draws late. */
const patience = { timeout: 15_000 };
const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);

describe.skipIf(chromiumProgram.missing)(title('the report in a browser', chromiumProgram), () => {
  const browser = watchedBrowser({ within: /^(data|blob):/ });
  let folder: TemporaryFolder;
  let reportUrl: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const query = 'SELECT \'</script><img src=x onerror="document.title = 1">\'';
    await writeReportBundle(folder.path, { name: '<b>slow</b> lists', query });
    reportUrl = pathToFileURL((await analyse(folder.path)).reportFile).href;
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.open(reportUrl, options);
    await page.locator('#cpu canvas').waitFor();
    return page;
  }

  it('opens from disk, says the verdict first and fetches nothing', async () => {
    const page = await open();
    expect(await page.locator('h1').textContent()).toMatch(
      /^Sequential scans of public\.tool_metrics .*an index is missing\.$/,
    );
    expect(await page.locator('#timeline .uplot').count()).toBeGreaterThan(6);
    expect(await page.locator('#findings article').first().locator('.uplot').count()).toBeGreaterThan(0);
  });

  it('shows foreign text as text', async () => {
    const page = await open();
    expect(await page.title()).toContain('<b>slow</b> lists');
    expect(await page.locator('#plans .sql').textContent()).toContain('</script><img src=x');
    expect(await page.locator('#plans img').count()).toBe(0);
  });

  it('shows plans node by node, each with what is wrong in it', async () => {
    const page = await open();
    const nodes = page.locator('#plans').getByRole('treeitem');
    expect(await nodes.nth(1).getAttribute('aria-label')).toBe(
      'Seq Scan on tool_metrics, 141 ms, 40 rows, reads 400,000 rows to keep less than 0.1 %',
    );
    expect(await page.locator('#plans .plan-remarks').textContent()).toContain('Add an index on the columns');
  });

  it('finds functions in the flame graph', async () => {
    const page = await open();
    const picture = (): Promise<unknown> =>
      page.evaluate(`document.querySelector('#cpu canvas').toDataURL()`);
    const before = await picture();
    await page.getByRole('searchbox').fill('hashEverything');
    expect(await page.locator('#cpu output').textContent()).toMatch(
      /^\d+ frames? match(es)?, [\d.]+ % of the time$/,
    );
    await expect.poll(picture, patience).not.toBe(before);
    await page.getByRole('searchbox').fill('no such function');
    expect(await page.locator('#cpu output').textContent()).toBe('0 frames match, 0 % of the time');
  });

  it('walks and zooms the flame graph, and reads the timeline, by keyboard', async () => {
    const page = await open();
    await page.locator('#cpu canvas').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.flame-status').textContent()).toMatch(/ m?s, [\d.]+ %; self /);
    await page.keyboard.press('Enter');
    expect(await page.getByRole('button', { name: 'Show all' }).count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('button', { name: 'Show all' }).count()).toBe(0);
    await page.locator('#chart-users .time-chart-plot').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#timeline .clock').textContent()).toBe('at 0:02');
  });

  it('shows what ran in the time that is dragged over a chart, and nothing else', async () => {
    const page = await open();
    await page.locator('#cpu').getByLabel('Process').selectOption('gateway-2 (pid 101)');
    await page.locator('#cpu').getByLabel('Thread').selectOption('main');
    const whole = await functionsOf(page);
    expect(whole).toEqual(expect.arrayContaining(['recompileTemplate', 'renderAnswer', 'writeLog']));
    const plot = page.locator('#chart-users .u-over');
    const { x = 0, y = 0, width = 0 } = (await plot.boundingBox()) ?? {};
    const seconds = await plot.evaluate((element) =>
      Number(element.closest('.time-chart-plot')?.getAttribute('data-points')),
    );
    const at = (second: number): number => x + ((second - 0.5) * width) / (seconds - 1);
    await page.mouse.move(at(13), y + 40);
    await page.mouse.down();
    await page.mouse.move(at(14.5), y + 40, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => functionsOf(page), patience).not.toContain('writeLog');
    expect(await functionsOf(page)).toContain('recompileTemplate');
    expect(await page.locator('#cpu .controls').first().getByLabel('Time').inputValue()).toBe('chosen');
    await page.getByRole('button', { name: 'baseline' }).click();
    expect(await page.locator('#cpu [role=status]').first().textContent()).toMatch(
      /^No profile of it was taken/,
    );
    await page.getByRole('button', { name: 'Show all of them' }).click();
    await expect.poll(() => functionsOf(page), patience).toEqual(whole);
  });

  it('selects a time by keyboard, and one window of many', async () => {
    const page = await open();
    await page.locator('#cpu').getByLabel('Process').selectOption('gateway-2 (pid 101)');
    await page.locator('#chart-users .time-chart-plot').focus();
    for (let second = 0; second < 7; second += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    expect(await page.locator('#cpu .controls').first().getByLabel('Time').inputValue()).toBe('chosen');
    expect(await functionsOf(page)).not.toContain('recompileTemplate');
    await page.locator('#cpu .controls').first().getByLabel('Time').selectOption({ index: 3 });
    await expect.poll(() => functionsOf(page), patience).toContain('recompileTemplate');
    await page.getByRole('button', { name: 'steady' }).click();
    expect(await page.getByRole('button', { name: 'steady' }).getAttribute('aria-pressed')).toBe('true');
  });

  it('shows the weights of exactly the time that is chosen, one by one and merged', async () => {
    const page = await open();
    await page.locator('#chart-users .time-chart-plot').focus();
    for (let second = 0; second < 10; second += 1) await page.keyboard.press('ArrowRight');
    for (let second = 0; second < 3; second += 1) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    const weigh = async (process: string, thread: string): Promise<Record<string, number>> => {
      await page.locator('#cpu').getByLabel('Process').selectOption(process);
      await page.locator('#cpu').getByLabel('Thread').selectOption(thread);
      return foldedWeights((await save(page, 'folded stacks')).toString());
    };
    // From 0:10 to 0:13: the end of one window, and the beginning of the next, whose longest stack is cut.
    expect(await weigh('gateway-2 (pid 101)', 'main')).toEqual({
      writeLog: 1_000_000,
      renderAnswer: 1_000_000,
      recompileTemplate: 1_000_000,
    });
    await page.locator('#cpu .flame canvas').press('ArrowDown');
    expect(await page.locator('.flame-status > span').first().textContent()).toMatch(
      /: 3,000 ms, 100 %; self 0/,
    );
    expect(await weigh('gateway-2 (pid 101)', 'worker 1')).toEqual({ resizeImages: 3_000_000 });
    const parts = sum(
      [await weigh('gateway-2 (pid 101)', ''), await foldedOf(page, 'gateway (pid 100)')].flatMap((each) =>
        Object.values(each),
      ),
    );
    expect(sum(Object.values(await foldedOf(page, 'all gateway')))).toBeCloseTo(parts, -1);
  });

  it('merges the replicas of a role, and tells their threads apart', async () => {
    const page = await open();
    expect(await page.locator('#cpu').getByLabel('Process').locator('option').allTextContents()).toEqual([
      'all 2 gateway processes, merged',
      'gateway (pid 100)',
      'gateway-2 (pid 101)',
    ]);
    const merged = await functionsOf(page);
    expect(merged).toEqual(expect.arrayContaining(['resizeImages', 'renderAnswer']));
    await page.locator('#cpu').getByLabel('Thread').selectOption('worker 1');
    await expect.poll(() => functionsOf(page), patience).toEqual(['resizeImages']);
    expect(await page.locator('.flame-shares').textContent()).toContain('100 %');
  });

  it('holds the worst window against a quiet one, and says what grew', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Worst p99 against a quiet window' }).click();
    expect(await page.locator('#cpu .notice').textContent()).toMatch(
      /The worst window, 0:11 to 0:16: p99 .* against a quiet one, .*What grew most: recompileTemplate \(src\/render\.ts:7\), from 0 % to/,
    );
    expect(await functionsOf(page)).toContain('recompileTemplate');
    expect(await page.locator('#cpu h3').first().textContent()).toBe('What to look at in the worst window');
    await page.locator('#cpu').getByLabel('Process').selectOption('gateway-2 (pid 101)');
    await page.locator('#cpu').getByLabel('Thread').selectOption('main');
    // Of what worked: 2 s of writing logs and rendering in the quiet window, and 3 s of compiling beside them in the worst.
    expect(await page.locator('#cpu .function-table tbody tr').first().textContent()).toMatch(
      /▲ \+60\.00.*0 % → 60 %.*recompileTemplate/,
    );
    await page.getByRole('button', { name: 'Worst p99 against a quiet window' }).click();
    expect(await page.locator('#cpu .notice').count()).toBe(0);
  });

  it('follows the system in light and dark until one is chosen', async () => {
    const page = await open({ colorScheme: 'dark' });
    const ground = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await ground();
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    expect(await ground()).not.toBe(dark);
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
  });

  it('needs no sideways scrolling at 360 pixels', async () => {
    const page = await open({ viewport: { width: 360, height: 800 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it('prints light and with everything unfolded', async () => {
    const page = await open({ colorScheme: 'dark' });
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
    expect(await page.locator('details:not([open])').count()).toBe(0);
    await page.emulateMedia({ media: 'print' });
    await page.waitForFunction(`document.documentElement.dataset.theme === 'light'`);
    expect(await page.locator('#cpu .function-table tbody button').first().isVisible()).toBe(true);
    expect(await page.locator('#cpu p[role=status]').first().textContent()).toMatch(
      /^all 2 gateway processes, merged, /,
    );
    const top = `document.querySelector('#cpu canvas').getContext('2d').getImageData(2, 2, 1, 1).data.slice(0, 3).join()`;
    // The row of all, which waits, in the colour of the light theme.
    await expect.poll(() => page.evaluate(top), patience).toBe('230,230,225');
  });

  it('exports the profile as speedscope, pprof, .cpuprofile and folded stacks that agree', async () => {
    const page = await open();
    const speedscope = JSON.parse((await save(page, 'speedscope')).toString());
    const totalUs: number = speedscope.profiles[0].endValue;
    expect(totalUs).toBeGreaterThan(0);
    const cpuProfile = fromCpuProfile(JSON.parse((await save(page, '.cpuprofile')).toString()), {
      name: 'x',
      startMs: 0,
    });
    expect(sum(cpuProfile.samples.map(({ weight }) => weight))).toBe(totalUs);
    const pprof = Pprof.decode(gunzipSync(await save(page, 'pprof')));
    expect(sum(pprof.sample.map(({ value }) => Number(value[1]) / 1000))).toBeCloseTo(totalUs, 0);
    const folded = (await save(page, 'folded stacks')).toString().trim().split('\n');
    expect(sum(folded.map((line) => Number(line.slice(line.lastIndexOf(' ')))))).toBeCloseTo(totalUs, -1);
    expect(folded.some((line) => line.includes('hashEverything'))).toBe(true);
  });
});

async function save(page: Page, name: string): Promise<Buffer> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name, exact: true }).click();
  return readFile(await (await download).path());
}

/** What the functions of a process weigh themselves, over all of its threads. */
async function foldedOf(page: Page, process: string): Promise<Record<string, number>> {
  await page.locator('#cpu').getByLabel('Process').selectOption(process);
  return foldedWeights((await save(page, 'folded stacks')).toString());
}

/** Microseconds by the name of the innermost function. */
function foldedWeights(folded: string): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const line of folded.trim().split('\n')) {
    const [, name = '', value = ''] = /([^; ]+)(?: \([^)]*\))? (\d+)$/.exec(line) ?? [];
    weights[name] = (weights[name] ?? 0) + Number(value);
  }
  return weights;
}

/** Names in the table of functions below the flame graph. */
async function functionsOf(page: Page): Promise<string[]> {
  const names = await page.locator('#cpu .flame table tbody tr th').allTextContents();
  return names.map((name) => name.trim());
}
