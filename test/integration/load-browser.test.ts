import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLoadReport } from '../../src/lab/load/web/load-report.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadStatsAnswer } from '../../src/lab/load/web/stats-answer.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { chromiumProgram, launchChromium } from '../support/browser.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { title } from '../support/requires.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

describe.skipIf(chromiumProgram.missing)(title('the load test page in a browser', chromiumProgram), () => {
  let target: CountingMcpServer;
  let server: LoadServer;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    target = await CountingMcpServer.start({ health: 200 });
    server = await startLoadServer({
      port: 0,
      defaults: { wait: { kind: 'between', minMs: 10, maxMs: 30 } },
      defaultHost: target.url,
      allowRemote: false,
      logger: createLogger('silent'),
    });
    browser = await launchChromium();
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        complaints.push(request.url());
    });
    await page.goto(server.url);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await target[Symbol.asyncDispose]();
  });

  const status = (name: string): Promise<string | null> =>
    page.locator('.status div', { hasText: name }).locator('dd').textContent();
  const tab = (name: string) => page.getByRole('tab', { name });
  /** As the page writes it. One more reached the target: the trial before the load. */
  const counted = (): string => new Intl.NumberFormat('en').format(target.count('tools/call echo') - 1);
  const users = () => page.getByLabel('Users', { exact: true });

  const made = (): number => server.test.statistics.total.requests;
  const names = () => page.locator('tbody th').allTextContents();
  const headings = async (): Promise<string[]> =>
    (await page.locator('thead th').allTextContents()).map((text) => text.replace(/[↑↓]/, ''));

  it('says what is wrong with a start, in the page', async () => {
    await page.getByLabel('Host').fill('http://example.com');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('example.com is not this machine').waitFor();
    await page.getByLabel('Host').fill(target.url);
  });

  it('starts a test by keyboard alone', async () => {
    await users().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('4');
    await page.keyboard.press('Tab');
    await page.keyboard.type('100');
    await page.keyboard.press('Enter');
    await expect.poll(() => status('State'), patience).toBe('running');
    await expect.poll(() => status('Users'), patience).toBe('4');
  });

  it('changes the users while it runs', async () => {
    await page.getByRole('button', { name: 'Edit' }).click();
    expect(await page.getByLabel('Host').count()).toBe(0);
    await users().fill('9');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => status('Users'), patience).toBe('9');
  });

  it('changes them by the keys of Locust', async () => {
    await page.getByRole('tab', { name: 'Statistics' }).focus();
    await page.keyboard.press('w');
    await page.keyboard.press('w');
    await expect.poll(() => status('Users'), patience).toBe('11');
    await page.keyboard.press('W');
    await expect.poll(() => status('Users'), patience).toBe('21');
    await page.keyboard.press('s');
    await expect.poll(() => status('Users'), patience).toBe('20');
    await page.keyboard.press('S');
    await page.keyboard.press('S');
    // There is always one.
    await expect.poll(() => status('Users'), patience).toBe('1');
    await page.getByLabel('Search requests').fill('sWs');
    await page.getByLabel('Search requests').clear();
    await page.keyboard.press('Control+s');
    expect(server.test.details(0).users).toBe(1);
  });

  it('tells of its keys', async () => {
    await page.getByRole('tab', { name: 'Statistics' }).focus();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    await dialog.getByText('1 or 10 more users').waitFor();
    await page.keyboard.press('W');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count()).toBe(0);
    expect(server.test.details(0).users).toBe(1);
  });

  it('says when it is no longer told, asks instead, and is told again', async () => {
    await page.route('**/events?*', (route) => route.abort());
    await page.reload();
    await page.getByText('The live connection is lost').waitFor();
    const before = made();
    await expect.poll(made, patience).toBeGreaterThan(before);
    const shown = async (): Promise<number> =>
      Number((await page.locator('tfoot td').first().textContent())?.replaceAll(',', ''));
    await expect.poll(shown, patience).toBeGreaterThan(before);
    await page.unroute('**/events?*');
    await expect.poll(() => page.getByText('The live connection is lost').count(), patience).toBe(0);
    // The browser complains of every stream that was refused.
    expect(complaints.splice(0).every((text) => text.includes('ERR_FAILED'))).toBe(true);
  });

  it('does without a stream while nobody looks, and has everything when somebody looks again', async () => {
    await page.evaluate(`Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`);
    const unseen = server.test.lastMomentMs;
    await expect.poll(() => server.test.lastMomentMs, patience).toBeGreaterThan(unseen + 1_500);
    await page.evaluate(`delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))`);
    await tab('Charts').click();
    const moments = server.test.details(0).history.length;
    const points = () => page.locator('.time-chart-plot').first().getAttribute('data-points');
    await expect.poll(async () => Number(await points()), patience).toBeGreaterThanOrEqual(moments);
  });

  it('shows each process that sends requests', async () => {
    await tab('Workers').click();
    const worker = page.getByRole('row', { name: /^generator-\d+/ });
    expect(await worker.getByRole('cell').allTextContents()).toEqual([
      'running',
      '1',
      expect.stringMatching(/^[\d.]+ %$/),
      expect.stringMatching(/^[\d.]+ MiB$/),
      expect.stringMatching(/^[\d.]+ ms$/),
      expect.stringMatching(/^\d+ of \d+$/),
      expect.stringMatching(/^[\d.]+ ms$/),
      expect.stringMatching(/^(\d+ of [\d,]+|–)$/),
      expect.any(String),
    ]);
    await tab('Statistics').click();
  });

  it('stops it, and shows what the target counted', async () => {
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => status('State'), patience).toBe('stopped');
    const row = page.getByRole('row', { name: /^tools\/call echo/ });
    await expect.poll(() => row.getByRole('cell').first().textContent(), patience).toBe(counted());
  });

  it('keeps figures, charts and the open tab when it is loaded again', async () => {
    await tab('Charts').click();
    const chart = page.getByRole('img', { name: /^Users, users/ });
    await chart.waitFor();
    await page.reload();
    await chart.waitFor();
    expect(await chart.getAttribute('aria-label')).toContain('between 0 and 21');
  });

  describe('the statistics', () => {
    const usual = 'Request,Requests,Fails,Median,95 %,99 %,Average,Min,Max,Bytes,Req/s';

    it('are sorted by a choice of heading, and again the other way', async () => {
      await tab('Statistics').click();
      const byName = await names();
      expect(byName).toEqual(byName.toSorted());
      const requests = page.getByRole('columnheader', { name: 'Requests' });
      await requests.getByRole('button').click();
      expect(await requests.getAttribute('aria-sort')).toBe('descending');
      expect((await names())[0]).toBe('tools/call echo');
      await requests.getByRole('button').click();
      expect(await requests.getAttribute('aria-sort')).toBe('ascending');
      expect((await names()).at(-1)).toBe('tools/call echo');
    });

    it('are searched, while the total stays that of all', async () => {
      const total = await page.locator('tfoot td').first().textContent();
      await page.getByLabel('Search requests').fill('TOOLS');
      expect((await names()).toSorted()).toEqual(['tools/call echo', 'tools/list']);
      await page.getByText(/^2 of \d+ requests$/).waitFor();
      expect(await page.locator('tfoot td').first().textContent()).toBe(total);
      await page.getByLabel('Search requests').fill('');
    });

    it('have the columns that were picked, also when the page is loaded again', async () => {
      expect((await headings()).join()).toBe(usual);
      await page.getByText('Columns', { exact: true }).click();
      for (const column of ['66 %', '75 %', '80 %', '90 %', '98 %', '99.9 %']) {
        await page.getByLabel(column, { exact: true }).check();
      }
      for (const column of ['Bytes', 'Min']) await page.getByLabel(column, { exact: true }).uncheck();
      await page.keyboard.press('Escape');
      expect(await page.getByLabel('66 %', { exact: true }).isVisible()).toBe(false);
      const picked =
        'Request,Requests,Fails,Median,66 %,75 %,80 %,90 %,95 %,98 %,99 %,99.9 %,Average,Max,Req/s';
      expect((await headings()).join()).toBe(picked);
      const row = page.getByRole('row', { name: /^tools\/call echo/ });
      const figures = (await row.getByRole('cell').allTextContents()).map((text) =>
        Number(text.replaceAll(',', '')),
      );
      const percentiles = figures.slice(2, 10);
      expect(percentiles).toEqual(percentiles.toSorted((a, b) => a - b));
      await page.reload();
      await row.waitFor();
      expect((await headings()).join()).toBe(picked);
      await page.getByText('Columns', { exact: true }).click();
      await page.getByRole('button', { name: 'Usual columns' }).click();
      expect((await headings()).join()).toBe(usual);
      await page.mouse.click(5, 700);
      expect(await page.getByRole('button', { name: 'Usual columns' }).isVisible()).toBe(false);
    });
  });

  it('moves between tabs by arrow keys', async () => {
    await tab('Statistics').click();
    await page.keyboard.press('ArrowLeft');
    expect(await tab('Logs').getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await tab('Charts').getAttribute('aria-selected')).toBe('true');
    expect(await page.evaluate('document.activeElement.id')).toBe('tab-charts');
  });

  it('tells how often each task was meant, and seen', async () => {
    await tab('Current ratio').click();
    const row = page.getByRole('row', { name: /^tools\/call echo/ });
    const [meant, seen, requests] = await row.getByRole('cell').allTextContents();
    expect(meant).toBe('85 %');
    expect(seen).toMatch(/^[\d.]+ %$/);
    expect(requests).toBe(counted());
  });

  it('says that nothing failed', async () => {
    await tab('Failures').click();
    await page.getByText('No request failed.').waitFor();
    await tab('Exceptions').click();
    await page.getByText('Nothing went wrong outside of requests.').waitFor();
  });

  it('shows its log', async () => {
    await tab('Logs').click();
    const log = page.getByRole('log');
    await expect.poll(() => log.textContent(), patience).toMatch(/INFO {2}the test is changed users=9 /);
    expect(await log.textContent()).toContain('the test has ended');
  });

  it.each([
    [
      'Requests (CSV)',
      /^requests_[\d.]+\.csv$/,
      () => `,tools/call echo,${target.count('tools/call echo') - 1},0,`,
    ],
    ['Failures (CSV)', /^failures_[\d.]+\.csv$/, () => 'Method,Name,Error,Occurrences,'],
    ['Exceptions (CSV)', /^exceptions_[\d.]+\.csv$/, () => 'Count,Message,Traceback,Nodes'],
    ['Full history (CSV)', /^requests_full_history_[\d.]+\.csv$/, () => ',9,POST,tools/call echo,'],
    ['Everything (JSON)', /^requests\.json$/, () => '"state":"stopped"'],
    ['Report (HTML)', /^report_[\d.]+\.html$/, () => target.url],
  ])('hands out %s with its figures', async (link, file, content) => {
    await tab('Download data').click();
    const begun = page.waitForEvent('download');
    await page.getByRole('link', { name: link }).click();
    const download = await begun;
    expect(download.suggestedFilename()).toMatch(file);
    expect(await readFile(await download.path(), 'utf8')).toContain(content());
  });

  it('marks every time in the report of a test whose generator was saturated', async () => {
    const answer = await fetch(`${server.url}/stats/requests`);
    const stats: LoadStatsAnswer = JSON.parse(await answer.text());
    const reasons = ['the generator used 99 % of one core on average (limit 80 %)'];
    stats.gaugeway.generatorHealth = { ...stats.gaugeway.generatorHealth, saturated: true, reasons };
    const report = await browser.newPage();
    await report.setContent(await writeLoadReport(stats, { downloadPath: null, theme: null }));
    await report.getByText('The load generator was saturated').waitFor();
    await report.getByText(reasons[0] ?? '').waitFor();
    const cells = await report
      .getByRole('row', { name: /^tools\/call echo/ })
      .first()
      .getByRole('cell')
      .allTextContents();
    expect(cells.filter((text) => text.endsWith('!')).length).toBeGreaterThanOrEqual(6);
    expect(cells.slice(0, 2).join()).not.toContain('!');
    await report.close();
  });

  it('shows the same figures in a report, which asks nobody for anything', async () => {
    const report = await browser.newPage();
    const answer = await fetch(`${server.url}/stats/report?download=1&theme=dark`);
    const asked: string[] = [];
    report.on('request', (request) => asked.push(request.url()));
    report.on('pageerror', (error) => complaints.push(error.message));
    await report.setContent(await answer.text());
    const row = report.getByRole('row', { name: /^tools\/call echo/ }).first();
    expect(await row.getByRole('cell').first().textContent()).toBe(counted());
    await report.getByRole('img', { name: /^Users, users/ }).waitFor();
    await report.getByRole('heading', { name: 'Current ratio' }).waitFor();
    expect(await report.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([]);
    await report.close();
  });

  it('fits a narrow screen', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    for (const each of await page.getByRole('tab').all()) {
      await each.click();
      expect(await width()).toBe(390);
    }
    await tab('Statistics').click();
    await page.getByText('Columns', { exact: true }).click();
    expect(await width()).toBe(390);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New test' }).click();
    await page.getByText('Advanced').click();
    expect(await width()).toBe(390);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.setViewportSize({ width: 1280, height: 900 });
    const table = page.locator('.table-scroll').first();
    expect(await table.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  });

  it('follows the system into dark colours', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(background, patience).not.toBe(light);
  });

  it('forgets the figures on request', async () => {
    await page.getByRole('button', { name: 'Reset' }).click();
    await expect.poll(() => page.getByRole('row', { name: /^tools\/call echo/ }).count(), patience).toBe(0);
  });

  it('starts the next test with what is set under Advanced', async () => {
    await page.getByRole('button', { name: 'New test' }).click();
    await users().fill('2');
    await page.getByText('Advanced').click();
    await page.getByLabel('A task begins').selectOption({ label: 'by the clock, in stages (open model)' });
    await page.getByLabel('Stages').fill('1s:40');
    await page.getByLabel('Rate at the begin').fill('40');
    await page.getByLabel('Most users').fill('30');
    await page.getByLabel('MCP wire').selectOption('modern');
    await page.getByLabel('Request timeout').fill('soon');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText("not a duration: 'soon'").waitFor();
    await page.getByLabel('Request timeout').fill('5s');
    await page.getByLabel(/^mcp-tools/).check();
    await page.getByLabel(/^mcp-mixed/).uncheck();
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(() => server.test.statistics.arrivals?.planned, patience).toBe(40);
    await expect.poll(() => status('State'), patience).toBe('stopped');
    expect(server.test.details(0)).toMatchObject({
      chosenScenarios: ['mcp-tools'],
      settings: { stages: '1s:40', rate: '40', maxUsers: '30', era: 'modern', requestTimeout: '5s' },
    });
    // The form begins with what was set last.
    await page.getByRole('button', { name: 'New test' }).click();
    await page.getByText('Advanced').click();
    expect(await page.getByLabel('Stages').inputValue()).toBe('1s:40');
  });

  it('raised no error and asked nobody else for anything', () => {
    expect(complaints).toEqual([]);
  });
});
