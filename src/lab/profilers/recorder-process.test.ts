import { expect, test } from 'vitest';
import { PerfSamples } from '../profile/perf-samples.ts';
import { RecorderProcess } from './recorder-process.ts';

test('what a program writes is read piece by piece, and not kept', async () => {
  const samples = new PerfSamples();
  let length = 0;
  const sample = String.raw`app 7/7 1.%06d: 10000000 cpu-clock: \n\t 1f main+0x1 (/bin/app)\n\n`;
  const script = `i=0; while [ $i -lt 3000 ]; do printf '${sample}' $i; i=$((i+1)); done; echo done >&2`;
  const program = new RecorderProcess('sh', ['-c', script], {
    onStdout: (piece) => {
      length += piece.length;
      samples.add(piece);
    },
  });
  expect(await program.exited).toEqual({ code: 0, signal: null, output: 'done\n' });
  expect(length).toBeGreaterThan(150_000);
  const [thread, ...others] = samples.end();
  expect(others).toEqual([]);
  expect(thread?.samples.length).toBe(3000);
});
