import { describe, expect, it } from 'vitest';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { chromiumProgram, launchChromium } from '../support/browser.ts';
import { title } from '../support/requires.ts';

describe.skipIf(chromiumProgram.missing)(
  title('the load test page behind a login, in a browser', chromiumProgram),
  () => {
    it.each([
      [{ login: { user: 'jo', password: 'correct horse' } }, { User: 'jo', Password: 'correct horse' }],
      [{ token: 'a-token-of-twenty-chars' }, { Token: 'a-token-of-twenty-chars' }],
    ])('lets in whoever knows %j, below a base path, and out again', async (credentials, secrets) => {
      const server = await startLoadServer({
        port: 0,
        defaults: {},
        defaultHost: 'http://127.0.0.1:1',
        allowRemote: false,
        logger: createLogger('silent'),
        basePath: '/load',
        credentials,
      });
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.goto(`${server.url}/`);
        expect(page.url()).toBe(`${server.url}/login`);
        for (const label of Object.keys(secrets)) await page.getByLabel(label).fill('something else');
        await page.keyboard.press('Enter');
        await page
          .getByRole('alert')
          .getByText(/fit\.$/)
          .waitFor();
        for (const [label, secret] of Object.entries(secrets)) await page.getByLabel(label).fill(secret);
        await page.getByRole('button', { name: 'Log in' }).click();
        await page.getByRole('heading', { name: 'Start a load test' }).waitFor();
        expect(page.url()).toBe(`${server.url}/`);
        expect(await page.evaluate('document.cookie')).toBe('');
        await page.getByRole('button', { name: 'Log out' }).click();
        await page.getByRole('heading', { name: 'Log in' }).waitFor();
        await page.goto(`${server.url}/`);
        expect(page.url()).toBe(`${server.url}/login`);
      } finally {
        await browser.close();
        await server.close();
      }
    });
  },
);
