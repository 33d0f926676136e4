import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatWeight } from '../../src/console/flame/describe-frame.ts';
import { formatNumber, formatShare } from '../../src/console/format/format-value.ts';
import { fromCpuProfile } from '../../src/lab/profile/from-cpuprofile.ts';
import type { Frame, Profile } from '../../src/lab/profile/profile.ts';
import { chromiumProgram } from '../support/browser.ts';
import { largeProfile } from '../support/large-profile.ts';
import { writeProfiles } from '../support/profile-page.ts';
import { recordProfile } from '../support/report-bundle.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { watchedBrowser } from '../support/watched-page.ts';

const large = largeProfile(50_000);
const small = largeProfile(3000, { seed: 2 });
/** What works in it; frame 1 is idle. */
const busyUs = sum(large.nodes.map(({ frame, self }) => (frame === 1 ? 0 : self)));
const patience = { timeout: 15_000 };

const status = (page: Page): Promise<string | null> =>
  page.locator('.flame-status > span').first().textContent();
const rows = (page: Page): Promise<string[]> => page.locator('.function-table tbody tr').allTextContents();

describe.skipIf(chromiumProgram.missing)(title('the page of a profile', chromiumProgram), () => {
  const browser = watchedBrowser({ within: /^(data|blob):/ });
  let folder: TemporaryFolder;
  let recorded: string;
  let synthetic: string;
  let plain: string;
  let twins: string;
  let difference: string;
  let allocations: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const real = fromCpuProfile(await recordProfile(), { name: 'gateway', startMs: 0 });
    const write = (name: string, ...profiles: [Record<string, Profile>, Record<string, Profile>?]) =>
      writeProfiles(join(folder.path, `${name}.html`), `<i>${name}</i> (pid 4711)`, ...profiles);
    recorded = await write('recorded', { 'main thread': real, worker: { ...small, startMs: 1 } });
    synthetic = await write('synthetic', { main: large });
    plain = await write('plain', { main: small });
    allocations = await write('allocations', { main: { ...weighing(300, 100), unit: 'bytes' } });
    twins = await write('twins', { main: namedAlike(weighing(300_000 / 1024, 100_000 / 1024)) });
    const after = { main: weighing(300, 100), worker: weighing(200, 200) };
    difference = await write('difference', after, { main: weighing(100, 300) });
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.open(url, options);
    await page.locator('canvas').waitFor();
    return page;
  }
  it('names what a real program did, of one thread and of all together, and copies the name', async () => {
    const page = await open(recorded);
    expect(await page.locator('h1').textContent()).toBe('<i>recorded</i> (pid 4711)');
    await page.getByLabel('Process or thread').selectOption('main thread');
    await page.getByRole('searchbox').fill('hashEverything');
    expect(await page.locator('output').textContent()).toMatch(
      /^\d+ frames? match(es)?, [\d.]+ % of the time$/,
    );
    expect((await rows(page)).some((row) => row.includes('hashEverything'))).toBe(true);
    await page.keyboard.press('Enter');
    expect(await status(page)).toMatch(/^hashEverything .* ms, [\d.]+ %; self /);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('canvas').press('c');
    await expect.poll(() => status(page), patience).toMatch(/^Copied hashEverything\./);
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('hashEverything');
  });

  it('says above the graph what to look at, whose code ran and what kind of work it did', async () => {
    const page = await open(recorded);
    const reading = page.locator('.flame-reading');
    expect(await reading.locator('li').allTextContents()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^What is looked for first: template rendering/),
        expect.stringMatching(
          /^Own code takes [\d.]+ % itself and [\d.]+ % with what it calls; dependencies/,
        ),
      ]),
    );
    expect(await reading.textContent()).toMatch(/Kind of work.*Whose code.*own code/);
    const graph = await page.locator('canvas').boundingBox();
    expect((await reading.boundingBox())?.y).toBeLessThan(graph?.y ?? 0);
  });

  it('finds what it is told among 50,000 frames, and goes from match to match by keyboard', async () => {
    const page = await open(synthetic);
    expect(await page.locator('.profile-facts').textContent()).toContain('50,001 frames');
    await page.keyboard.press('Tab');
    await page.locator('canvas').press('/');
    await page.keyboard.type('/^function8 /');
    const count = large.nodes.filter(({ frame }) => large.frames[frame]?.name === 'function8').length;
    const share = formatShare(weightsOf(large, 'function8').total / busyUs);
    expect(await page.locator('output').textContent()).toBe(
      `${formatNumber(count)} frames match, ${share} of the time`,
    );
    await page.keyboard.press('Enter');
    const first = await status(page);
    expect(first).toMatch(/^function8 .*; deoptimised 3×: wrong map$/);
    await page.keyboard.press('F3');
    expect(await status(page)).not.toBe(first);
    await page.locator('canvas').press('Shift+N');
    expect(await status(page)).toBe(first);
    await page.getByRole('searchbox').fill('/(/');
    expect(await page.locator('output').textContent()).toContain('no valid pattern, looked for as text');
  });

  it('turns over and gives each function what it weighs itself', async () => {
    const page = await open(synthetic);
    const { name, self } = heaviest(large);
    await page.locator('canvas').press('i');
    expect(await page.getByRole('combobox', { name: 'View' }).inputValue()).toBe('inverted');
    await page.locator('canvas').press('ArrowDown');
    const figures = `${formatWeight(self, 'microseconds')}, ${formatShare(self / busyUs)}`;
    expect(await status(page)).toMatch(new RegExp(`^${name} .*: ${figures.replaceAll('.', '\\.')}`));
  });

  it('puts a function between its callers and its callees, recursion counted once', async () => {
    const page = await open(synthetic);
    const { name, self } = heaviest(large);
    const { total } = weightsOf(large, name);
    await page.getByRole('button', { name, exact: true }).click();
    const sandwich = page.locator('.sandwich');
    expect(await sandwich.locator('.flame-crumbs').first().textContent()).toContain(
      `${formatWeight(total, 'microseconds')}, ${formatShare(total / busyUs)} of the whole; self ${formatWeight(self, 'microseconds')}`,
    );
    for (const graph of ['Callers', 'Callees']) {
      const canvas = sandwich.locator(`canvas[aria-label^=${graph}]`);
      for (const key of graph === 'Callers' ? ['ArrowUp', 'ArrowDown'] : ['ArrowDown', 'ArrowUp'])
        await canvas.press(key);
      await expect
        .poll(() => sandwich.locator('.flame-status').allTextContents(), patience)
        .toContainEqual(expect.stringContaining(`${formatWeight(total, 'microseconds')}, 100 %`));
    }
    await sandwich.locator('canvas').first().press('Escape');
    await expect.poll(() => page.locator('.sandwich').count(), patience).toBe(0);
  });

  it('zooms by click and Enter, and goes back by double click and Escape', async () => {
    const page = await open(plain);
    const canvas = page.locator('canvas');
    const crumbs = (): Promise<number> => page.getByRole('navigation', { name: 'Zoomed to' }).count();
    const place = { position: { x: 40, y: 70 } };
    await canvas.hover(place);
    await page.locator('.flame-tooltip').waitFor();
    await canvas.click(place);
    expect(await crumbs()).toBe(1);
    const zoomed = await status(page);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowUp');
    expect(await status(page)).toBe(zoomed);
    await page.keyboard.press('Escape');
    expect(await crumbs()).toBe(0);
    await canvas.click(place);
    await canvas.dblclick(place);
    expect(await crumbs()).toBe(0);
    await canvas.press('u');
    expect(await page.getByLabel('flames upwards').isChecked()).toBe(true);
  });

  it('highlights what its legend is pressed for, and leaves out what is not wanted', async () => {
    const page = await open(plain);
    await page.getByRole('combobox', { name: 'Colour' }).selectOption('class');
    const legend = page.getByRole('button', { name: /^database [\d.]+ %$/ });
    await legend.click();
    expect(await legend.getAttribute('aria-pressed')).toBe('true');
    expect((await rows(page)).length).toBeGreaterThan(3);
    expect((await rows(page)).filter((row) => !row.includes('database'))).toEqual([]);
    await legend.click();
    await page.getByLabel('own code only').check();
    expect((await rows(page)).filter((row) => !row.includes('own code'))).toEqual([]);
    await page.getByRole('checkbox', { name: /waiting/ }).check();
    expect((await rows(page)).some((row) => row.includes('(idle)'))).toBe(true);
  });

  it('sorts its table, and marks what V8 told of a function', async () => {
    const page = await open(plain);
    await page.getByRole('searchbox').fill('/^function[89] /');
    expect(await rows(page)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('deoptimised 3×: wrong map'),
        expect.stringContaining('megamorphic 1×: length'),
      ]),
    );
    await page.getByRole('button', { name: 'Function', exact: true }).click();
    expect(await page.locator('.function-table tbody th').first().textContent()).toMatch(/^function8/);
    await page.getByRole('button', { name: 'Function', exact: true }).click();
    expect(await page.locator('.function-table tbody th').first().textContent()).toMatch(/^function9/);
  });

  it('shows what grew and what shrank, in words too', async () => {
    const page = await open(difference);
    await page.getByLabel('Process or thread').selectOption('main');
    expect(await page.locator('.profile-facts').textContent()).toContain('Compared with the run before');
    const table = await rows(page);
    expect(table).toContainEqual(expect.stringMatching(/▲ \+50\.00.*25 % → 75 %.*grows/));
    expect(table).toContainEqual(expect.stringMatching(/▼ −50\.00.*75 % → 25 %.*shrinks/));
    for (const word of ['▲ grown by 2 points or more', '▼ shrunk by 2 points or more'])
      expect(await page.locator('.legend').textContent()).toContain(word);
    await page.locator('canvas').press('ArrowDown');
    expect(await status(page)).toMatch(/: (25 % → 75 % \(\+50|75 % → 25 % \(−50) points\)/);
  });

  it('says which part of the other profile it compares with, when none has its name', async () => {
    const page = await open(difference);
    expect(await page.locator('.notice').count()).toBe(0);
    await page.getByLabel('Process or thread').selectOption('worker');
    expect(await page.locator('.notice').textContent()).toBe(
      'the run before has no part with the name worker: what is shown is compared with its only part.',
    );
  });

  it('opens the very function that is chosen among those of one name and line', async () => {
    const page = await open(twins);
    for (const [at, weight] of ['300 ms', '100 ms'].entries()) {
      await page.getByRole('button', { name: 'twin', exact: true }).nth(at).click();
      expect(await page.locator('.sandwich .flame-crumbs').first().textContent()).toContain(`: ${weight}, `);
    }
    await page.getByRole('button', { name: 'Back to the whole graph' }).click();
    await page.locator('canvas').press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('s');
    expect(await page.locator('.sandwich .flame-crumbs').first().textContent()).toContain(': 100 ms, ');
  });

  it('is walked by keyboard alone: every stop has a name and is seen to have the focus', async () => {
    const page = await open(difference);
    const stops: string[] = [];
    for (let at = 0; at < 60 && !stops.includes('folded stacks'); at += 1) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate<Stop>(focusedStop);
      expect(stop).toMatchObject({ name: expect.stringMatching(/\S/), isSeen: true });
      stops.push(stop.name);
    }
    expect(stops).toEqual(
      expect.arrayContaining([
        'Skip to the profile',
        expect.stringMatching(/^Process or thread/),
        expect.stringMatching(/^Search/),
        expect.stringMatching(/^View/),
        expect.stringMatching(/^Colour/),
        expect.stringMatching(/flames upwards/),
        expect.stringMatching(/own code only/),
        'Keys of the flame graph',
        expect.stringMatching(/grown by 2 points or more/),
        expect.stringMatching(/^Flame graph\. Arrow keys walk the calls/),
        expect.stringMatching(/^Function/),
        'grows',
        'folded stacks',
      ]),
    );
    await page.locator('canvas').press('?');
    const keys = await page.getByRole('dialog', { name: 'Keys' }).locator('kbd').allTextContents();
    expect(keys).toEqual(
      expect.arrayContaining(['↑', '→', 'Enter', 'Esc', '/', 'n', 's', 'i', 'u', 'o', 'w', 'c', '?']),
    );
  });

  it('weighs allocations in bytes', async () => {
    const page = await open(allocations);
    expect(await page.locator('.run-name').textContent()).toBe('Allocations');
    await page.locator('canvas').press('ArrowDown');
    expect(await status(page)).toBe('grows /app/main.ts:1: 300 KiB, 75 %; self 300 KiB');
  });

  it('tells its keys, follows the system and the switch, and fits 390 pixels', async () => {
    const page = await open(plain, { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.locator('canvas').press('?');
    expect(await page.getByRole('dialog').textContent()).toContain('callers and callees');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
  });
});

const own = (name: string): Frame => ({ name, file: '/app/main.ts', line: 1, column: 1 });

/** Two functions of our own that weigh so many KiB, or milliseconds and a little more. */
function weighing(grows: number, shrinks: number): Profile {
  return {
    ...largeProfile(1),
    frames: [{ ...own('(root)'), file: '' }, own('grows'), own('shrinks')],
    nodes: [
      { frame: 0, parent: -1, self: 0 },
      { frame: 1, parent: 0, self: grows * 1024 },
      { frame: 2, parent: 0, self: shrinks * 1024 },
    ],
    samples: [],
  };
}

/** Both of its functions are called twin and begin on one line, as closures do. */
function namedAlike(profile: Profile): Profile {
  return {
    ...profile,
    frames: profile.frames.map((frame, at) => (at === 0 ? frame : { ...frame, name: 'twin', column: at })),
  };
}

interface Stop {
  name: string;
  isSeen: boolean;
}

/** Script of a {@link Stop}: the name for a screen reader of what has the focus, and whether a ring around it is drawn. */
const focusedStop = `(() => {
  const element = document.activeElement;
  const label = element.closest('label')?.textContent ?? '';
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    name: (element.getAttribute('aria-label') ?? (label || element.textContent)).trim(),
    isSeen: outlineStyle !== 'none' && parseFloat(outlineWidth) > 0,
  };
})()`;

/** What a function weighs by the definition: alone, and over all stacks in which it is at least once. */
function weightsOf({ nodes, frames }: Profile, name: string): { self: number; total: number } {
  const isIn: boolean[] = [];
  let self = 0;
  let total = 0;
  for (const node of nodes) {
    const isIt = frames[node.frame]?.name === name;
    isIn.push(isIt || isIn[node.parent] === true);
    if (isIt) self += node.self;
    if (isIn.at(-1) === true) total += node.self;
  }
  return { self, total };
}

function heaviest(profile: Profile): { name: string; self: number } {
  const names = profile.frames.slice(2).map(({ name }) => name);
  const selves = new Map(names.map((name) => [name, 0]));
  for (const { frame, self } of profile.nodes.slice(2)) {
    const name = profile.frames[frame]?.name ?? '';
    selves.set(name, (selves.get(name) ?? 0) + self);
  }
  const [name = '', self = 0] = [...selves].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  return { name, self };
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0);
}
