import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchChromium } from './browser.ts';

export interface WatchedBrowser {
  /** Opens a page in a context of its own, without a network. */
  open: (url: string, options?: BrowserContextOptions) => Promise<Page>;
}

/**
 * A browser for the tests of a `describe`. After each of them its pages are closed, and nothing may have gone wrong in
 * them: no error, no warning, and no request for anything but the page itself and what `within` allows.
 */
export function watchedBrowser({ within }: { within: RegExp }): WatchedBrowser {
  let browser: Browser;
  const problems: string[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());
  return { open: (url, options = {}) => openWatched(browser, url, options, within, problems) };
}

/** Opens a page as {@link WatchedBrowser} does. What goes wrong in it is added to `problems`. */
export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  within: RegExp,
  problems: string[],
): Promise<Page> {
  const page = await (await browser.newContext({ offline: true, ...options })).newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('request', (request) => {
    if (request.url() !== url && !within.test(request.url())) problems.push(request.url());
  });
  await page.goto(url);
  return page;
}
