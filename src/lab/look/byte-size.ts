const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as people read them, in powers of 1,000: `640 B`, `1.5 MB`. */
export function byteSize(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power] ?? ''}`;
}
