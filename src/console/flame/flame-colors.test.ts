import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { palettes } from './flame-colors.ts';

/** Least contrast of small text by WCAG 2.2, 1.4.3. */
const leastContrast = 4.5;

const [light = '', dark = ''] = readFileSync(new URL('../theme/tokens.css', import.meta.url), 'utf8').split(
  ":root[data-theme='dark']",
);

describe.each([
  ['light', light],
  ['dark', dark],
])('the colours of frames in the %s theme', (_, css) => {
  const luminance = (name: string): number => luminanceOf(css, name);
  it.each(Object.keys(palettes))('by %s let their labels be read', (by) => {
    const colors = [...(Object.entries(palettes).find(([key]) => key === by)?.[1] ?? [])];
    const pairs = [...colors, { ground: 'frame-dim', text: 'frame-quiet-text' }].map(({ ground, text }) => {
      const [low = 0, high = 0] = [luminance(ground), luminance(text)].toSorted((a, b) => a - b);
      return { ground, contrast: (high + 0.05) / (low + 0.05) };
    });
    expect(pairs.filter(({ contrast }) => !(contrast >= leastContrast))).toEqual([]);
  });
});

/** Relative luminance by WCAG 2.2. */
function luminanceOf(css: string, name: string): number {
  const hex = new RegExp(`--${name}: #([0-9a-f]{6});`).exec(css)?.[1] ?? '';
  const [red = NaN, green = NaN, blue = NaN] = [0, 2, 4].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
