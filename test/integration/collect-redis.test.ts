import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Collector } from '../../src/lab/collect/collector.ts';
import { createCollectors } from '../../src/lab/collect/index.ts';
import { redisWork } from '../../src/lab/diagnose/computed/redis-use.ts';
import type { RedisSample } from '../../src/lab/timeline/samples/redis-sample.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { findProgram, title } from '../support/requires.ts';
import { RecordingSink } from './recording-sink.ts';

const program = findProgram('redis-server', 'valkey-server');
const never = new AbortController().signal;

describe.skipIf(program.missing)(title('a Redis', program), () => {
  let redis: RedisServer;
  let app: Redis;
  let sink: RecordingSink;
  const opened: Collector[] = [];

  beforeAll(async () => {
    redis = await startRedis(program.path ?? '', { maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' });
    app = redis.client();
  });
  beforeEach(async () => {
    sink = new RecordingSink();
    await app.flushall();
  });
  afterEach(async () => {
    for (const collector of opened.splice(0)) await collector.close();
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  test('tells hits and misses, keys and memory', async () => {
    const collector = await open();
    const before = await sample(collector);
    await app.setex('session:1', 60, 'x');
    await app.set('config', 'y');
    for (let run = 0; run < 9; run += 1) await app.get('config');
    await app.get('nothing');
    const after = await sample(collector);
    const work = between(before, after);
    expect(work).toMatchObject({ hits: 9, misses: 1, hitRate: 0.9, evictedKeys: 0, rejectedConnections: 0 });
    expect(after).toMatchObject({
      version: expect.stringMatching(/^(Redis|Valkey) \d+\.\d+/),
      keys: 2,
      keysWithExpiry: 1,
      maxMemoryBytes: 64 * 1024 * 1024,
      evictionPolicy: 'allkeys-lru',
    });
    expect(after.usedMemoryBytes).toBeGreaterThan(100_000);
    expect(after.cpuMs).toBeGreaterThan(0);
  });

  test('leaves its own commands and its own connection out', async () => {
    const collector = await open();
    const before = await sample(collector);
    for (let run = 0; run < 5; run += 1) await sample(collector);
    await app.get('x');
    await app.info('server');
    const after = await sample(collector);
    const { byCommand, commands } = between(before, after);
    expect(Object.fromEntries(byCommand.map(({ command, calls }) => [command, calls]))).toEqual({
      get: 1,
      info: 1,
    });
    expect(commands).toBe(2);
    expect(after.connectedClients).toBe(1);
    expect(await app.client('LIST')).toContain('name=gaugeway-lab');
  });

  test('counts calls that failed or were refused by command', async () => {
    const collector = await open();
    const before = await sample(collector);
    await app.set('text', 'x');
    await expect(app.lpush('text', 'y')).rejects.toThrow('WRONGTYPE');
    await expect(app.call('get')).rejects.toThrow('wrong number of arguments');
    await app.get('text');
    const { byCommand } = between(before, await sample(collector));
    expect(byCommand).toContainEqual(expect.objectContaining({ command: 'lpush', calls: 1, failed: 1 }));
    expect(byCommand).toContainEqual(expect.objectContaining({ command: 'get', calls: 1, rejected: 1 }));
  });

  test('tells what was called in the window, however many commands took longer before', async () => {
    await app.set('text', 'x');
    await app.zadd('sorted', 1, 'a');
    await app.hset('hash', 'a', 1);
    await app.rpush('list', 'a');
    const others = [
      'append',
      'strlen',
      'incr',
      'decr',
      'setnx',
      'getset',
      'mget',
      'exists',
      'type',
      'ttl',
      'pttl',
    ];
    const more = ['persist', 'touch', 'llen', 'lpush', 'hlen', 'hgetall', 'hkeys', 'hvals', 'zcard', 'scard'];
    for (const name of [
      ...others,
      ...more,
      'smembers',
      'sinter',
      'sunion',
      'sdiff',
      'dump',
      'randomkey',
      'dbsize',
    ]) {
      for (let run = 0; run < 20; run += 1)
        await app.call(name, name === 'dbsize' ? [] : ['none']).catch(() => '');
    }
    const collector = await open();
    await app.llen('list');
    const before = await sample(collector);
    await app.lindex('list', 0);
    const after = await sample(collector);
    expect(after.byCommand.length).toBeGreaterThan(30);
    expect(after.allCommands).toBe(true);
    expect(between(before, after).byCommand).toMatchObject([{ command: 'lindex', calls: 1, timeShare: 1 }]);
  });

  test('counts commands that were slow', async () => {
    const collector = await open();
    await app.config('SET', 'slowlog-log-slower-than', '1000');
    const before = await sample(collector);
    await app.call('debug', 'sleep', '0.002').catch(() => app.eval('for i = 1, 1000000 do end', 0));
    const after = await sample(collector);
    await app.config('SET', 'slowlog-log-slower-than', '10000');
    expect(between(before, after).slowCommands).toBeGreaterThan(0);
  });

  test('tells how far its clock is off', async () => {
    const collector = await open();
    await sample(collector);
    await sample(collector);
    expect(sink.clocks).toHaveLength(1);
    const [clock] = sink.clocks;
    expect(Math.abs(clock?.offsetMs ?? Infinity)).toBeLessThan(1000);
    expect(clock?.errorMs).toBeGreaterThan(0);
  });

  test('is read by a user who may do nothing else', async () => {
    await app.call('ACL', 'SETUSER', 'monitor', 'on', '>secret1', 'resetkeys', '+info', '+client|setname');
    const collector = await open(urlOf('monitor', 'secret1'));
    expect(await sample(collector)).toMatchObject({ slowCommands: null, keys: 0 });
    expect(sink.clocks).toEqual([]);
  });

  test.for([
    { what: 'a wrong password', url: () => urlOf('reader', 'hunter22'), says: /Redis: .*(WRONGPASS|AUTH)/ },
    { what: 'a closed port', url: () => 'redis://:hunter22@127.0.0.1:9', says: /Redis: .*ECONNREFUSED/ },
    { what: 'a database that is not there', url: () => `${redis.url}/99`, says: /Redis: .*out of range/ },
    { what: 'no URL', url: () => '127.0.0.1:6379', says: /given as a URL/ },
    { what: 'a web server', url: () => 'http://127.0.0.1:6379', says: /given as a URL/ },
  ])('says what is wrong with $what, without a password', async ({ url, says }) => {
    const refused = open(url());
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.not.toThrow(/hunter22/);
  });

  test('says what a user lacks', async () => {
    await app.call('ACL', 'SETUSER', 'nobody', 'on', '>secret1', '+ping', '+client|setname');
    await expect(open(urlOf('nobody', 'secret1'))).rejects.toThrow(/NOPERM.*\+info/);
  });

  test('is sampled again after it was restarted', async () => {
    const collector = await open();
    await sample(collector);
    await redis.stop();
    await expect(collector.sample?.(sink)).rejects.toThrow(/^Redis: /);
    await redis.start();
    const before = sink.samples.redis.length;
    await expect
      .poll(
        async () => {
          await collector.sample?.(sink).catch((error: unknown) => sink.gap('redis', 'x', error));
          return sink.samples.redis.length;
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBeGreaterThan(before);
  });

  function urlOf(user: string, password: string): string {
    const url = new URL(redis.url);
    url.username = user;
    url.password = password;
    return url.href;
  }

  async function open(redisUrl = redis.url): Promise<Collector> {
    const stack = { name: 'test', embedded: false, gatewayUrl: 'http://127.0.0.1:9', redisUrl };
    const created = createCollectors(
      { ...stack, processes: [], containers: [], logs: [] },
      { logger: createLogger('silent') },
    );
    const collector = created.find(({ source }) => source === 'redis');
    if (collector === undefined) throw new Error('no collector for Redis');
    opened.push(collector);
    await collector.open(never);
    return collector;
  }

  async function sample(collector: Collector): Promise<RedisSample> {
    await collector.sample?.(sink);
    const last = sink.samples.redis.at(-1);
    if (last === undefined) throw new Error('nothing was sampled');
    return last;
  }
});

function between(before: RedisSample, after: RedisSample): ReturnType<typeof redisWork> {
  return redisWork([
    { atMs: 0, data: before },
    { atMs: 1000, data: after },
  ]);
}
