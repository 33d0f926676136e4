import { describe, expect, it } from 'vitest';
import { GaugewayError } from './errors.ts';
import { spawnReady, type SpawnReadyOptions } from './spawn-ready.ts';

const ready = `console.log(JSON.stringify({ event: 'listening', url: 'http://127.0.0.1:1', pid: process.pid }));`;
const stayAlive = 'setInterval(() => {}, 1000);';

function script(source: string, options: Partial<SpawnReadyOptions> = {}): SpawnReadyOptions {
  return { name: 'sample', command: process.execPath, args: ['-e', source], ...options };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

async function failure(options: SpawnReadyOptions): Promise<GaugewayError> {
  const error: unknown = await spawnReady(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GaugewayError)) throw new Error('expected a GaugewayError', { cause: error });
  return error;
}

describe('starting a server process', () => {
  it('resolves with what the ready line says, whatever else is on stdout', async () => {
    await using child = await spawnReady(
      script(`console.log('hello'); console.log('{}'); ${ready} ${stayAlive}`),
    );
    expect(child.url).toBe('http://127.0.0.1:1');
    expect(isRunning(child.pid)).toBe(true);
  });

  it('says how it ended, with the end of stderr, when it never gets ready', async () => {
    const error = await failure(
      script(`console.error('first'); console.error('port is taken'); process.exit(3);`),
    );
    expect(error.code).toBe('unavailable');
    expect(error.message).toBe('sample ended with exit code 3: first | port is taken');
  });

  it('shows the message of an uncaught error, and not its stack', async () => {
    const error = await failure(script(`throw new TypeError('no such option');`));
    expect(error.message).toMatch(/TypeError: no such option$/);
  });

  it('keeps secrets out of that message', async () => {
    const error = await failure(script(`console.error('postgresql://me:hunter2@db/x'); process.exit(1);`));
    expect(error.message).toBe('sample ended with exit code 1: postgresql://me:***@db/x');
  });

  it('says so when there is no such program', async () => {
    const error = await failure({ name: 'sample', command: '/nonexistent/program', args: [] });
    expect(error.message).toMatch(/^sample could not be started: .*ENOENT/);
  });

  it('gives up on a process that stays silent, and ends it', async () => {
    const lines: string[] = [];
    const error = await failure({
      name: 'sample',
      command: '/bin/sh',
      args: ['-c', 'echo $$ >&2; exec sleep 60'],
      readyTimeoutMs: 1000,
      onStderrLine: (line) => lines.push(line),
    });
    expect(error.message).toMatch(/^sample was not ready after 1 s/);
    expect(isRunning(Number(lines[0]))).toBe(false);
  });

  it('ends the process when it is interrupted meanwhile', async () => {
    const interrupt = new AbortController();
    const lines: string[] = [];
    const error = await failure(
      script(`console.error(process.pid); ${stayAlive}`, {
        signal: interrupt.signal,
        onStderrLine: (line) => {
          lines.push(line);
          interrupt.abort();
        },
      }),
    );
    expect(error.code).toBe('interrupted');
    expect(isRunning(Number(lines[0]))).toBe(false);
  });
});

describe('a process that is ready', () => {
  it('tells when it ends by itself', async () => {
    const child = await spawnReady(
      script(`${ready} console.error('gone'); setTimeout(() => process.exit(7), 50);`),
    );
    expect(await child.exited).toEqual({ code: 7, signal: null, stderrTail: ['gone'] });
    await child.stop();
  });

  it('is asked to end with SIGTERM first', async () => {
    const child = await spawnReady(
      script(`process.on('SIGTERM', () => process.exit(9)); ${ready} ${stayAlive}`),
    );
    await Promise.all([child.stop(), child.stop()]);
    expect((await child.exited).code).toBe(9);
  });

  it('is not kept alive by its stdin', async () => {
    const endsOnItsOwn = `const timer = ${stayAlive} process.on('SIGTERM', () => clearInterval(timer));`;
    const child = await spawnReady(script(`process.stdin.resume(); ${endsOnItsOwn} ${ready}`));
    await child.stop();
    expect(await child.exited).toMatchObject({ code: 0, signal: null });
  });

  it('is killed when it ignores that', async () => {
    const child = await spawnReady(
      script(`process.on('SIGTERM', () => {}); ${ready} ${stayAlive}`, { stopTimeoutMs: 200 }),
    );
    await child.stop();
    expect((await child.exited).signal).toBe('SIGKILL');
  });

  it('sees the end of its stdin when its parent is killed', async () => {
    // The grandchild ends when its stdin does; its parent is killed without a chance to stop it.
    const grandchild = `process.stdin.resume().on('end', () => process.exit()); ${ready}`;
    const parent = `
      import { spawnReady } from ${JSON.stringify(new URL('spawn-ready.ts', import.meta.url).href)};
      const child = await spawnReady(${JSON.stringify(script(grandchild))});
      console.log(JSON.stringify({ event: 'listening', url: String(child.pid), pid: process.pid }));
      ${stayAlive}`;
    const child = await spawnReady({ ...script(''), args: ['--input-type=module', '-e', parent] });
    const grandchildPid = Number(child.url);
    expect(isRunning(grandchildPid)).toBe(true);
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    await expect.poll(() => isRunning(grandchildPid), { timeout: 10_000 }).toBe(false);
  });
});
