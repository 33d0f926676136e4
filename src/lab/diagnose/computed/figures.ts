/** A figure as people read it: three significant digits below a hundred, thousands apart above, e.g. `1,204` or `0.52`. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(3)));
}

/** A share of 0..1 as percent, e.g. `12 %`; below one percent with a digit, so that little is not nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0001) return 'less than 0.01 %';
  return `${share > 0 && share < 0.01 ? Number((share * 100).toPrecision(1)) : Math.round(share * 100)} %`;
}

/** `1 sample`, `2 samples`. */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** One line of SQL, short enough for a sentence. */
export function shortSql(sql: string, length = 120): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
