import { useState } from 'react';

/**
 * A choice that this browser remembers under `key`; without a key, or where the browser lets nothing be kept, it lasts
 * as long as the page. What was kept by another version and is not `valid` is forgotten.
 */
export function useStoredChoice<Value>(
  key: string | undefined,
  initial: Value,
  valid: (kept: unknown) => kept is Value,
): [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => {
    const kept = key === undefined ? null : read(key);
    return valid(kept) ? kept : initial;
  });
  const choose = (next: Value): void => {
    setValue(next);
    if (key !== undefined) write(key, JSON.stringify(next));
  };
  return [value, choose];
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

function write(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

/** Storage is off, full, or holds something that is no JSON. */
function isRefusal(error: unknown): boolean {
  return error instanceof DOMException || error instanceof SyntaxError;
}
