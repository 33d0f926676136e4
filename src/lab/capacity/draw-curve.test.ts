import { describe, expect, it } from 'vitest';
import { drawCurve, type CurveDrawing } from './draw-curve.ts';

const points = [1, 2, 4, 8, 16, 24, 32].map((users) => ({ users, rps: Math.min(users * 10, 160) }));

function lines(drawing: Partial<CurveDrawing> = {}): string[] {
  const drawn = drawCurve({
    points,
    fitted: (users) => Math.min(users * 10, 160),
    knee: 16,
    columns: 80,
    ...drawing,
  });
  return drawn.map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
}

describe('the drawn curve', () => {
  it.each([40, 80, 120])('is not wider than %i columns', (columns) => {
    for (const line of lines({ columns })) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('shows every level, the fit and the knee', () => {
    const text = lines().join('\n');
    expect(text.match(/●/g)).toHaveLength(points.length);
    expect(text).toContain('·');
    expect(text).toContain('┊');
    expect(text).toMatch(/knee 16 .*32 users$/);
  });

  it('has its ticks at round figures, and its points as high as they say', () => {
    const drawn = lines({ fitted: undefined, knee: undefined });
    const rowOf = (pattern: RegExp): number => drawn.findIndex((line) => pattern.test(line));
    expect(drawn.filter((line) => line.includes('┤')).map((line) => line.trim().split(' ')[0])).toEqual([
      '150',
      '100',
      '50',
      '0',
    ]);
    expect(rowOf(/●.*●.*●$/)).toBeLessThan(rowOf(/^ +100 ┤/));
  });

  it('is an empty frame where nothing succeeded', () => {
    expect(lines({ points: [{ users: 1, rps: 0 }], fitted: undefined, knee: undefined }).join('')).toContain(
      '1 user',
    );
  });
});
