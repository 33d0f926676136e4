/**
 * A program of known allocations, told by messages what to do. It counts what it asks for, so that a profile can be
 * held against it. Each of its functions is a timer's own, so that V8 has no caller to inline it into.
 */
class KnownByName {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const known = new KnownByName('known by its class');
const kept: number[][] = [];
const keptBuffers: Buffer[] = [];
/** A kilobyte: 8 bytes a number. */
const piece = Array.from({ length: 125 }, (_, at) => at);
const pieceBytes = piece.length * 8;
const counted = { keptBytes: 0, churnedBytes: 0 };
let dropped: number[] = [];

function keepEverything(): void {
  for (let at = 0; at < 40; at += 1) kept.push(piece.slice());
  counted.keptBytes += 40 * pieceBytes;
}

function churn(): void {
  for (let at = 0; at < 160; at += 1) dropped = piece.slice();
  counted.churnedBytes += 160 * pieceBytes;
}

function keepBuffers(): void {
  keptBuffers.push(Buffer.alloc(64 * 1024, 1));
}

const works: Record<string, (() => void)[]> = {
  'keep-and-churn': [keepEverything, churn],
  'keep-buffers': [keepBuffers],
};

let working: NodeJS.Timeout[] = [];
process.on('message', (message: string) => {
  for (const timer of working) clearInterval(timer);
  working = (works[message] ?? []).map((work) => setInterval(work, 5));
  process.send?.({ ...counted, alive: dropped.length + known.text.length + keptBuffers.length });
  Object.assign(counted, { keptBytes: 0, churnedBytes: 0 });
});
process.send?.('ready');
