import { GaugewayError } from '../shared/errors.ts';

/** Reads an option's value as a whole number from zero on. Throws `usage`. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new GaugewayError('usage', `not a whole number: '${text}'`);
  return Number(text);
}

/** Reads an option's value as a number above zero. Throws `usage`. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1e9)) throw new GaugewayError('usage', `not a positive number: '${text}'`);
  return value;
}
