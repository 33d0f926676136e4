import { expect, test } from 'vitest';
import { AttemptLimit } from './attempt-limit.ts';

/** How many of a hundred wrong attempts, each from the address that `addressOf` gives, are looked at. */
function lookedAt(addressOf: (attempt: number) => string): number {
  const attempts = new AttemptLimit();
  let count = 0;
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const address = addressOf(attempt);
    try {
      attempts.check(address);
    } catch {
      continue;
    }
    attempts.failed(address);
    count += 1;
  }
  return count;
}

test.each<[string, (hex: string, attempt: number) => string]>([
  ['written out', (hex) => `2001:db8:1:2:0:0:1:${hex}`],
  ['2001:db8::N', (hex) => `2001:db8::${hex}`],
  ['2001:db8::N:1:1:1', (hex) => `2001:db8::${hex}:1:1:1`],
  ['2001:db8:1:2::N', (hex) => `2001:db8:1:2::${hex}`],
  ['2001:db8:1:2:N::', (hex) => `2001:db8:1:2:${hex}::`],
  ['::N', (hex) => `::${hex}`],
  ['fe80::N%eth0', (hex) => `fe80::${hex}%eth0`],
  ['64:ff9b::1.2.3.N', (_hex, attempt) => `64:ff9b::1.2.3.${attempt}`],
])('all addresses of one /64 have ten attempts together: %s', (_form, address) => {
  expect(lookedAt((attempt) => address(attempt.toString(16), attempt))).toBe(10);
});

test.each<[string, (hex: string, attempt: number) => string]>([
  ['2001:db8:0:N::1', (hex) => `2001:db8:0:${hex}::1`],
  ['2001:db8:N::1', (hex) => `2001:db8:${hex}::1`],
  ['::N:0:0:0:0', (hex) => `::${hex}:0:0:0:0`],
  ['192.0.2.N', (_hex, attempt) => `192.0.2.${attempt}`],
  ['::ffff:192.0.2.N', (_hex, attempt) => `::ffff:192.0.2.${attempt}`],
])('addresses of other networks have their own: %s', (_form, address) => {
  expect(lookedAt((attempt) => address(attempt.toString(16), attempt))).toBe(100);
});

test('an IPv4 address is the same in both of its forms', () => {
  expect(lookedAt((attempt) => (attempt % 2 === 0 ? '192.0.2.1' : '::ffff:192.0.2.1'))).toBe(10);
});
