import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readConsolePage } from '../../src/lab/console-page.ts';

/** All that a browser loads before it shows the page, as it comes over the wire. */
const maxBytes = 200_000;

it.each(['load', 'report', 'plan', 'profile'] as const)(
  'the %s page is light enough for a slow line',
  async (page) => {
    expect(gzipSync(await readConsolePage(page)).length).toBeLessThan(maxBytes);
  },
);
