import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';

/** Wrong secrets that one address may try within the window, whatever else it sends. */
const maxFailures = 10;
const windowMs = 60_000;
/** Addresses that are remembered; beyond them the one that failed first is forgotten. */
const maxAddresses = 10_000;

/** Slows guessing of secrets down: ten wrong ones a minute from one address, then none is looked at. */
export class AttemptLimit {
  /** Failures and when their window ends, by address; the oldest window first. */
  readonly #failures = new Map<string, { count: number; endsMs: number }>();

  /** Throws `rate_limited` when the address has failed too often. */
  check(address: string): void {
    const known = this.#failures.get(networkOf(address));
    if (known === undefined || known.endsMs <= nowMs() || known.count < maxFailures) return;
    const waitS = Math.ceil((known.endsMs - nowMs()) / 1000);
    throw new GaugewayError('rate_limited', `too many wrong attempts: try again in ${waitS} s`);
  }

  failed(address: string): void {
    const network = networkOf(address);
    const known = this.#failures.get(network);
    if (known !== undefined && known.endsMs > nowMs()) {
      known.count += 1;
      return;
    }
    this.#failures.delete(network);
    this.#failures.set(network, { count: 1, endsMs: nowMs() + windowMs });
    for (const [oldest] of this.#failures) {
      if (this.#failures.size <= maxAddresses) break;
      this.#failures.delete(oldest);
    }
  }
}

/** Of IPv6 the first four groups: whoever has one address there has as many as the rest can count. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? ipv6Groups(plain).slice(0, 4).join(':') : plain;
}

/** The eight groups, of which `::` leaves out those that are zero. */
function ipv6Groups(address: string): string[] {
  const [head = [], tail] = address
    // An embedded IPv4 address is as long as two groups.
    .replace(/\d+(\.\d+){3}/, '0:0')
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  if (tail === undefined) return head;
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...zeros, ...tail];
}
