import { randomBytes } from 'node:crypto';

/** Names of steps whose baggage is kept; code can name its requests as it likes. */
const maxKeptSteps = 1_000;
/** Of each value, before it is encoded: three values of nine characters for each stay below W3C's 8192 in all. */
const maxValueLength = 128;
/** Odd, so that 32 bits of it times 1, 2, 3, … are all different; the golden ratio, so that they look like chance. */
const stride = 0x9e3779b1;

/** Makes the headers that tell a gateway which request of which load it is answering. */
export type TraceHeaders = (step: string) => { traceparent: string; baggage: string };

/**
 * The trace contexts of one generator process: a new trace for each request, always sampled (W3C Trace Context,
 * version 00), and where it comes from (W3C Baggage). Drawn once and then counted, as chance for each request is dear.
 */
export class TraceContext {
  readonly #runId: string;
  readonly #traceStart: string;
  readonly #traceSeed: number;
  readonly #spanStart: string;
  #count = 0;

  constructor(runId: string) {
    this.#runId = runId;
    const random = randomBytes(20);
    this.#traceStart = random.toString('hex', 0, 12);
    this.#traceSeed = random.readUInt32BE(12);
    this.#spanStart = random.toString('hex', 16, 20);
  }

  /** Of the users of one scenario. */
  of(scenario: string): TraceHeaders {
    const beginning = `gaugeway.run_id=${encoded(this.#runId)},gaugeway.scenario=${encoded(scenario)},gaugeway.step=`;
    const kept = new Map<string, string>();
    return (step) => {
      let baggage = kept.get(step);
      if (baggage === undefined) {
        baggage = beginning + encoded(step);
        if (kept.size < maxKeptSteps) kept.set(step, baggage);
      }
      return { traceparent: this.#next(), baggage };
    };
  }

  #next(): string {
    this.#count += 1;
    const turn = (this.#traceSeed + Math.imul(this.#count, stride)) >>> 0;
    const digits = turn.toString(16).padStart(8, '0');
    return `00-${this.#traceStart}${digits}-${this.#spanStart}${digits}-01`;
  }
}

/** Everything but letters, digits and a few marks percent-encoded, as baggage wants it. */
function encoded(value: string): string {
  return encodeURIComponent(value.slice(0, maxValueLength).toWellFormed());
}
