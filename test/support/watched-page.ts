import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/**
 * Opens a page in a context of its own. What goes wrong in it is added to `problems`: errors, warnings, and requests
 * for anything but itself and what `within` allows.
 */
export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  within: RegExp,
  problems: string[],
): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
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
