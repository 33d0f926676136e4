const gridMs = 1000;

/**
 * Each grid second takes the nearest sample, if one lies within three quarters of the series' own period
 * (never less than of a grid step): the jitter of a sampler then neither doubles nor drops a second, while
 * a sample that is really missing stays null.
 */
export function align(
  points: readonly { atMs: number; value: number | null }[],
  timesMs: readonly number[],
): (number | null)[] {
  const sorted = points.toSorted((a, b) => a.atMs - b.atMs);
  const reachMs = 0.75 * Math.max(gridMs, medianSpacingMs(sorted));
  let next = 0;
  return timesMs.map((timeMs) => {
    while (nearer(sorted[next + 1], sorted[next], timeMs)) next += 1;
    const point = sorted[next];
    if (!point || point.value === null || Math.abs(point.atMs - timeMs) > reachMs) return null;
    return Number(point.value.toPrecision(5));
  });
}

function nearer(
  next: { atMs: number } | undefined,
  now: { atMs: number } | undefined,
  timeMs: number,
): boolean {
  return !!next && !!now && Math.abs(next.atMs - timeMs) <= Math.abs(now.atMs - timeMs);
}

function medianSpacingMs(sorted: readonly { atMs: number }[]): number {
  const spacings = sorted.slice(1).map((point, index) => point.atMs - (sorted[index]?.atMs ?? point.atMs));
  return spacings.toSorted((a, b) => a - b)[Math.floor(spacings.length / 2)] ?? 0;
}

/** Whole-second steps from the first sample to the last; empty without samples. */
export function grid(samples: readonly { atMs: number }[]): number[] {
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for (const { atMs } of samples) {
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  if (firstMs > lastMs) return [];
  return Array.from({ length: Math.floor((lastMs - firstMs) / gridMs) + 1 }, (_, index) =>
    Math.round(firstMs + index * gridMs),
  );
}
