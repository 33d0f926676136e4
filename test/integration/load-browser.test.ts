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
      defaults: { thinkMs: [10, 30] },
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
    // One more reached the target: the trial before the load.
    const counted = new Intl.NumberFormat('en').format(target.count('tools/call echo') - 1);
    await expect.poll(() => row.getByRole('cell').first().textContent(), patience).toBe(counted);
  });

  it('keeps figures and charts when it is loaded again', async () => {
    const chart = page.getByRole('img', { name: /^Users, users/ });
    await chart.waitFor();
    await page.reload();
    await chart.waitFor();
    expect(await chart.getAttribute('aria-label')).toContain('between 0 and 9');
  });

  it('fits a narrow screen', async () => {
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
