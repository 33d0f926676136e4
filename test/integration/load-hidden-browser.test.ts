import { describe, expect, it } from 'vitest';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { chromiumProgram, launchChromium } from '../support/browser.ts';
import { title } from '../support/requires.ts';

/** Lets the test say whether the page is seen, and keeps the event streams that it opens. */
const instruments = `
  window.seen = false;
  Object.defineProperty(document, 'hidden', { get: () => !window.seen });
  window.streams = [];
  window.EventSource = class extends EventSource {
    constructor(url) {
      super(url);
      window.streams.push(this);
    }
  };
  window.show = (seen) => {
    window.seen = seen;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  window.openStreams = () =>
    window.streams.filter(({ readyState }) => readyState !== EventSource.CLOSED).length;`;

describe.skipIf(chromiumProgram.missing)(
  title('a load test page in a background tab', chromiumProgram),
  () => {
    it('has no stream until it is seen, then one, and none once it is hidden again', async () => {
      const server = await startLoadServer({
        port: 0,
        defaults: {},
        defaultHost: 'http://127.0.0.1:1',
        allowRemote: false,
        logger: createLogger('silent'),
      });
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.addInitScript(instruments);
        await page.goto(server.url);
        await page.locator('#app *').first().waitFor({ state: 'attached' });
        expect(await page.evaluate('openStreams()')).toBe(0);
        await page.evaluate('show(true)');
        await page.getByRole('heading', { name: 'Start a load test' }).waitFor();
        expect(await page.evaluate('openStreams()')).toBe(1);
        // Some browsers tell of it twice, e.g. when a page comes back from their cache.
        await page.evaluate('show(true)');
        expect(await page.evaluate('openStreams()')).toBe(1);
        await page.evaluate('show(false)');
        expect(await page.evaluate('openStreams()')).toBe(0);
      } finally {
        await browser.close();
        await server.close();
      }
    });
  },
);
