import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { commandOf } from './command-of.ts';

test.skipIf(process.platform !== 'linux')('a command shows no password, whatever it looks like', async () => {
  const program = spawn('sh', ['-c', 'read line; exit', 'idle', '--password', 'hunter']);
  try {
    await once(program, 'spawn');
    expect(await commandOf(program.pid ?? 0)).toMatch(/^sh -c .* idle --password \*\*\*$/);
  } finally {
    program.kill('SIGKILL');
  }
});
