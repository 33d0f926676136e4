import { readFile } from 'node:fs/promises';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { findProgram, title } from '../support/requires.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

const program = findProgram('chromium', 'chromium-browser', 'google-chrome');
const flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking';

describe.skipIf(program.missing)(title('the load test page in a browser', program), () => {
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
    browser = await chromium.launch({
      executablePath: program.path ?? '',
      args: [...flags.split(' '), '--disable-component-update', '--disable-sync'],
    });
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
    await users().fill('9');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => status('Users'), patience).toBe('9');
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
    expect(await chart.getAttribute('aria-label')).toContain('between 0 and 9');
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
    await tab('Statistics').click();
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
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
    await page.getByRole('button', { name: 'Reset figures' }).click();
    await expect.poll(() => page.getByRole('row', { name: /^tools\/call echo/ }).count(), patience).toBe(0);
  });

  it('raised no error and asked nobody else for anything', () => {
    expect(complaints).toEqual([]);
  });
});
