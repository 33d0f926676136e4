import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { title } from '../../../../test/support/requires.ts';
import { labPatience, oneAmongLabs } from './among-labs.ts';

const linux =
  process.platform === 'linux' ? { path: '/proc' } : { missing: 'needs abstract sockets of Linux' };
const act = async (): Promise<string> => 'done';

describe.skipIf(linux.missing)(title('a name that somebody else holds', linux), () => {
  test('is waited for until it is let go', async () => {
    const { name, letGo } = await holder();
    const done = oneAmongLabs(name, { patience: labPatience() }, act);
    letGo();
    expect(await done).toBe('done');
  });

  test('is waited for once in all by an attachment, and by a later one not again', async () => {
    const [first, second] = [await holder(), await holder()];
    const patience = { leftMs: 50 };
    expect(await oneAmongLabs(first.name, { patience }, act)).toBe('done');
    expect(patience.leftMs).toBe(0);
    expect(await oneAmongLabs(second.name, { patience }, act)).toBe('done');
    // An hour would be more than the test has.
    expect(await oneAmongLabs(first.name, { patience: { leftMs: 3_600_000 } }, act)).toBe('done');
    first.letGo();
    second.letGo();
  });

  test('is not waited for by who is interrupted, and what was to be done is not done', async () => {
    const { name, letGo } = await holder();
    const interrupt = new AbortController();
    const patience = { leftMs: 3_600_000 };
    let ran = false;
    const run = oneAmongLabs(name, { patience, signal: interrupt.signal }, async () => {
      ran = true;
    });
    interrupt.abort();
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
    expect(ran).toBe(false);
    letGo();
  });
});

async function holder(): Promise<{ name: string; letGo: () => void }> {
  const name = `test-${randomUUID()}`;
  const server = createServer().listen(`\0gaugeway-lab-${name}`);
  await once(server, 'listening');
  return { name, letGo: () => server.close() };
}
