import { describe, expect, test } from 'vitest';
import { perfError } from '../../src/lab/profilers/perf/perf-error.ts';
import { startRedis } from '../support/redis.ts';
import { findProgram, title } from '../support/requires.ts';
import { profilerOf, shareOf } from '../support/sampled-program.ts';

const perf = findProgram('perf');
const redis = findProgram('redis-server');

const suite = title('CPU profiles of what is neither Node nor Python', perf, redis);

describe.skipIf(perf.missing ?? redis.missing)(suite, { timeout: 60_000 }, () => {
  test('name the functions of a Redis server under load, each when it ran', async () => {
    await using server = await startRedis(redis.path ?? '');
    const client = server.client();
    const pid = Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
    await using profiler = await profilerOf(pid);
    const window = await profiler.start();
    const script = 'local sum = 0 for i = 1, 3000000 do sum = sum + i % 7 end return sum';
    for (let calls = 0; calls < 4; calls += 1) await client.eval(script, 0);
    const [only] = await window.stop();
    expect(profiler.profiler).toBe('perf');
    expect(only?.profile).toMatchObject({ unit: 'microseconds', order: 'time', interval: 10_000 });
    expect(shareOf(only?.profile, 'main')).toBeGreaterThan(0.8);
    expect(shareOf(only?.profile, 'processCommand')).toBeGreaterThan(0.5);
    const sumUs = only?.profile.samples.reduce((sum, { weight }) => sum + weight, 0) ?? 0;
    expect(sumUs / 1000).toBeCloseTo((only?.profile.endMs ?? 0) - (only?.profile.startMs ?? 0), -2);
    expect(await client.ping()).toBe('PONG');
  });

  test('say what is missing, and how to get it', async () => {
    const denied = await perfError(
      process.pid,
      'Access to performance monitoring is limited: perf_event_paranoid',
    );
    expect(denied).toMatchObject({ code: 'usage' });
    expect(denied.message).toMatch(/CAP|PERFMON.*perf_event_paranoid is -?\d.*setcap cap_perfmon/);
  });
});
