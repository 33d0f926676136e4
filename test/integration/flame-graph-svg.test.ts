import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ProfileBuilder } from '../../src/lab/profile/profile-builder.ts';
import type { ProfileSet } from '../../src/lab/profile/profile-set.ts';
import { readProfileFile } from '../../src/lab/profile-files/read-profile-file.ts';
import { writeProfileFile } from '../../src/lab/profile-files/write-profile-file.ts';
import { chromiumProgram, launchChromium } from '../support/browser.ts';
import { gaugeway } from '../support/command-line.ts';
import { findProgramIn, title } from '../support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { openWatched } from '../support/watched-page.ts';

const hostile = '"><script>alert(1)</script>]]><img src=x onerror=alert(2)>';

const frame = (name: string, file: string) => ({ name, file, line: 3, column: 1 });

/** `serve` takes all: three quarters by `parse`, a quarter by a function whose name is markup. */
function hostileSet(parseUs = 3000): ProfileSet {
  const builder = new ProfileBuilder('gateway');
  const [serve, parse] = [frame('serve', '/srv/app/main.ts'), frame('parse', '/srv/app/json.ts')];
  builder.add(builder.stack([serve, parse]), parseUs);
  builder.add(builder.stack([serve, frame(hostile, '/srv/a&b.ts')]), 1000);
  const profile = builder.build({ unit: 'microseconds', order: 'time', interval: 1000 });
  return {
    title: `gateway ${hostile}`,
    facts: [`Taken of ${hostile}.`],
    parts: [{ label: 'gateway', profile }],
  };
}

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

describe.skipIf(chromiumProgram.missing)(title('a flame graph as a drawing', chromiumProgram), () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    const file = join(folder.path, 'flame.svg');
    await writeProfileFile(file, hostileSet());
    expect(await readProfileFile(file)).toEqual(hostileSet());
    browser = await launchChromium();
    page = await openWatched(browser, pathToFileURL(file).href, {}, /^$/, problems);
  });
  afterEach(() => {
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());

  const widthOf = (name: string): Promise<number> =>
    page.evaluate(`Number(document.querySelector('.bar[data-name="${name}"] rect').getAttribute('width'))`);

  it('shows names that are markup as text, and runs nothing of them', async () => {
    expect(await page.evaluate("document.querySelectorAll('script').length")).toBe(1);
    expect(await page.evaluate("document.querySelectorAll('img').length")).toBe(0);
    expect(await page.textContent('svg > title')).toBe(`gateway ${hostile}`);
  });

  it('enlarges what is clicked to the whole width, and goes back', async () => {
    const before = await widthOf('parse');
    await page.click('.bar[data-name="parse"]');
    expect(await widthOf('parse')).toBeCloseTo((before * 4) / 3, 0);
    expect(await page.evaluate("getComputedStyle(document.querySelectorAll('.bar')[3]).display")).toBe(
      'none',
    );
    await page.click('#reset');
    expect(await widthOf('parse')).toBeCloseTo(before, 1);
  });

  it('tells the share of what a search finds, which Escape ends', async () => {
    await page.keyboard.press('Control+f');
    await page.keyboard.type('PARSE');
    expect(await page.textContent('#answer')).toBe('1 found, 75.0 %');
    await page.keyboard.press('Escape');
    expect(await page.textContent('#answer')).toBe('');
  });

  it('keeps every text within its bar', async () => {
    const tooWide = await page.evaluate(`Array.from(document.querySelectorAll('.bar')).filter((bar) =>
      bar.querySelector('text').getBBox().width > bar.querySelector('rect').getBBox().width).length`);
    expect(tooWide).toBe(0);
  });
});

const go = findProgramIn(['/usr/local/go/bin'], 'go');

describe.skipIf(go.missing)(title('a pprof file', go), () => {
  it("is read by Go's own tool, with its unit and its shares", async () => {
    const file = join(folder.path, 'wall.pb.gz');
    await writeProfileFile(file, hostileSet());
    const { stdout } = await promisify(execFile)(go.path ?? '', ['tool', 'pprof', '-top', file]);
    expect(stdout).toContain('Type: wall');
    expect(stdout).toMatch(/3ms 75\.00% .* parse/);
  });
});

describe('gaugeway cpu flame and cpu diff', () => {
  it('convert a file, and say what was in it', async () => {
    const folded = join(folder.path, 'a.folded');
    const source = join(import.meta.dirname, '../fixtures/profiles/py-spy.raw');
    const { code, stdout } = await gaugeway(['cpu', 'flame', source, '-o', folded]);
    expect(code).toBe(0);
    expect(stdout).toContain(folded);
    expect(stdout).toContain('1.19 s, 5 stacks');
    expect(
      Math.max(...stdout.split('\n').map((line) => (line === folded ? 0 : line.length))),
    ).toBeLessThanOrEqual(80);
    const again = await gaugeway(['cpu', 'flame', folded, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      command: 'cpu flame',
      parts: [{ weight: 2_390_000 }],
      outputs: [],
    });
  });

  it('name the functions that changed, the greatest change first', async () => {
    const [before, after] = [join(folder.path, 'before.speedscope.json'), join(folder.path, 'after.pb')];
    await writeProfileFile(before, hostileSet(1000));
    await writeProfileFile(after, hostileSet(3000));
    const { stdout } = await gaugeway(['cpu', 'diff', before, after]);
    expect(stdout).toMatch(/^parse \(app\/json\.ts:3\) +\+25\.0 +50\.0 → 75\.0 +50\.0 → 75\.0$/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    const { stdout: json } = await gaugeway(['cpu', 'diff', before, after, '--json', '--top', '1']);
    expect(JSON.parse(json)).toMatchObject({ changed: 2, functions: [{ selfBefore: 0.5, selfAfter: 0.75 }] });
  });

  it('refuse what cannot be compared or written, before anything is written', async () => {
    const time = join(folder.path, 'a.folded');
    const bytes = join(import.meta.dirname, '../fixtures/profiles/node.heapprofile');
    const units = await gaugeway(['cpu', 'diff', time, bytes]);
    expect(units).toMatchObject({ code: 2 });
    expect(units.stderr).toContain('do not compare');
    const ending = await gaugeway(['cpu', 'flame', bytes, '-o', 'a.png']);
    expect(ending).toMatchObject({ code: 2 });
    expect(ending.stderr).toContain('.speedscope.json');
  });
});
