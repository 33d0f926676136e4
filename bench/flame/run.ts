import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { launchChromium } from '../../test/support/browser.ts';
import { largeProfile } from '../../test/support/large-profile.ts';
import { writeProfiles } from '../../test/support/profile-page.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';

/**
 * How smooth the flame graph of 50,000 frames is in the installed Chromium: for each thing that a reader does, the
 * CPU of the page for one frame beside the 16.7 ms that 60 frames a second leave for it. What elapsed, and the frames
 * that came too late, also tell how busy the machine is. `npm run bench:flame`.
 */
const nodeCount = 50_000;
const budgetMs = 1000 / 60;

interface Gesture {
  name: string;
  /** Script that begins one step of it; run in the page, once for each frame. */
  step: string;
}

const pointer = (type: string, x: string, y: string, more = ''): string =>
  `canvas.dispatchEvent(new PointerEvent('${type}', { bubbles: true, clientX: box.left + ${x}, clientY: box.top + ${y}${more} }))`;

const gestures: readonly Gesture[] = [
  { name: 'hover', step: pointer('pointermove', '(at * 37) % box.width', '20 + (at * 13) % 500') },
  {
    name: 'zoom by wheel',
    step: `canvas.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, ctrlKey: true,
      deltaY: at % 60 < 30 ? -60 : 60, clientX: box.left + box.width / 2, clientY: box.top + 100 }))`,
  },
  {
    name: 'pan',
    step: `canvas.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, deltaX: at % 40 < 20 ? 25 : -25 }))`,
  },
  {
    name: 'zoom by click',
    step: `if (at % 20 === 0) canvas.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1,
      clientX: box.left + 40 + (at * 31) % 600, clientY: box.top + 30 + (at % 3) * 40 }))`,
  },
  { name: 'scroll', step: `canvas.closest('.flame-scroller').scrollTop = (at * 20) % 400` },
  {
    name: 'search',
    step: `if (at % 4 === 0) { const field = document.querySelector('input[type=search]');
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'function' + (at % 90));
      field.dispatchEvent(new Event('input', { bubbles: true })); }`,
  },
];

interface Figures {
  /** CPU of the page's main thread for one frame: what a busy machine does not change. */
  cpuMs: number;
  workMs: { median: number; p95: number; most: number };
  late: number;
  frames: number;
}

/** Work is from the beginning of a frame to what was posted behind it, so that painting is in it. */
async function measure(page: Page, devtools: CDPSession, step: string): Promise<Figures> {
  const cpuBeforeMs = await cpuMsOf(devtools);
  const works: number[] = await page.evaluate(`new Promise((resolve) => {
    const canvas = document.querySelector('canvas');
    const works = [];
    const channel = new MessageChannel();
    let at = 0;
    let beganMs = 0;
    channel.port1.onmessage = () => { works.push(performance.now() - beganMs); };
    const frame = () => {
      if (at === 180) { setTimeout(() => resolve(works), 50); return; }
      beganMs = performance.now();
      const box = canvas.getBoundingClientRect();
      ${step};
      at += 1;
      requestAnimationFrame(frame);
      channel.port2.postMessage(0);
    };
    requestAnimationFrame(frame);
  })`);
  const cpuMs = ((await cpuMsOf(devtools)) - cpuBeforeMs) / works.length;
  const sorted = works.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    cpuMs,
    workMs: { median: at(0.5), p95: at(0.95), most: at(1) },
    late: works.filter((ms) => ms > budgetMs).length,
    frames: works.length,
  };
}

async function cpuMsOf(devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}

async function run(): Promise<void> {
  await using folder = await temporaryFolder();
  const url = await writeProfiles(join(folder.path, 'bench.html'), 'bench', {
    main: largeProfile(nodeCount),
  });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(url);
    await page.locator('canvas').waitFor();
    console.log(`${nodeCount} frames, 1280 × 900, budget ${budgetMs.toFixed(1)} ms a frame`);
    console.log('gesture       CPU a frame  of budget   elapsed: median      p95     most   late frames');
    for (const { name, step } of gestures) {
      const { cpuMs, workMs, late, frames } = await measure(page, devtools, step);
      const figures = [workMs.median, workMs.p95, workMs.most].map((ms) => `${ms.toFixed(1)} ms`.padStart(9));
      const cpu = `${cpuMs.toFixed(1)} ms`.padStart(11);
      const ratio = `${((cpuMs / budgetMs) * 100).toFixed(0)} %`.padStart(11);
      const lateOnes = `${late} of ${frames}`.padStart(14);
      console.log(`${name.padEnd(14)}${cpu}${ratio}${' '.repeat(9)}${figures.join('')}${lateOnes}`);
    }
  } finally {
    await browser.close();
  }
}

await run();
