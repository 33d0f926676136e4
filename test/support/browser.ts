import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './requires.ts';

/** The Chromium that is installed. */
export const chromiumProgram = findProgram('chromium', 'chromium-browser', 'google-chrome');

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts it without a window, and without anything that it would ask the network for of its own accord. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumProgram.path ?? '', args: flags });
}
