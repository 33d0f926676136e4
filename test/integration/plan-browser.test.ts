import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresTarget } from '../../src/lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../../src/lab/collect/shared-connection.ts';
import { limitsWith } from '../../src/lab/look/limits.ts';
import { ExplainLook } from '../../src/lab/look/pg/explain.ts';
import { writePlanPage } from '../../src/lab/plan/write-plan-page.ts';
import { chromiumProgram } from '../support/browser.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { watchedBrowser } from '../support/watched-page.ts';

const sql = `with slow as materialized (select * from call where ms > 0)
  select "<img src=x>", count(*) from slow where tool = 'tool 7' group by 1 order by 2`;

const focused = (page: Page): Promise<unknown> =>
  page.evaluate("document.activeElement.getAttribute('aria-label')");

const ground = (page: Page): Promise<unknown> =>
  page.evaluate('getComputedStyle(document.body).backgroundColor');

describe.skipIf(chromiumProgram.missing)(title('the page of a plan', chromiumProgram), () => {
  const browser = watchedBrowser({ within: /^data:/ });
  let database: TestDatabase;
  let folder: TemporaryFolder;
  let url: string;

  beforeAll(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
    await query(
      database.dsn,
      `create table call (id serial, tool text, ms float, "<img src=x>" text);
       insert into call (tool, ms) select 'tool ' || i % 100, i from generate_series(1, 20000) i;
       analyze call`,
    );
    const shared = new SharedConnection((signal) => PostgresTarget.connect(database.dsn, signal));
    const look = new ExplainLook(shared, { sql }, { timeoutMs: 10_000, runWrites: false });
    const reading = await look.read(new AbortController().signal);
    await look.close();
    const file = join(folder.path, 'plan.html');
    await writePlanPage(file, look.judge(reading, undefined, limitsWith({})));
    url = pathToFileURL(file).href;
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.open(url, options);
    await page.getByRole('tree').waitFor();
    return page;
  }

  it('says what is wrong, fetches nothing, and shows foreign text as text', async () => {
    const page = await open();
    const said = await page.locator('.plan-remarks').textContent();
    expect(said).toContain('the filter (Rows Removed by Filter: 0) keeps all 20,000 rows');
    expect(await page.getByRole('treeitem').count()).toBeGreaterThan(3);
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.locator('main').textContent()).not.toContain('tool 7');
  });

  it('goes from a remark to its node', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Seq Scan on call' }).click();
    await expect.poll(() => focused(page)).toMatch(/^Seq Scan on call, .*filter keeps everything/);
  });

  it('is walked and folded by keyboard', async () => {
    const page = await open();
    const tree = page.getByRole('tree');
    await tree.getByRole('treeitem').first().focus();
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).not.toBe(await tree.getByRole('treeitem').first().getAttribute('aria-label'));
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    expect(await tree.getByRole('treeitem').count()).toBe(1);
    await page.keyboard.press('ArrowRight');
    expect(await tree.getByRole('treeitem').count()).toBeGreaterThan(1);
  });

  it('follows the system in light and dark', async () => {
    const dark = await ground(await open({ colorScheme: 'dark' }));
    expect(await ground(await open({ colorScheme: 'light' }))).not.toBe(dark);
  });

  it('needs no sideways scrolling at 390 pixels', async () => {
    const page = await open({ viewport: { width: 390, height: 844 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });
});
