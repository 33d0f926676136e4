import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisTarget } from '../../src/lab/collect/redis/redis-target.ts';
import { type KeyScan, scanKeys, type ScanOptions } from '../../src/lab/collect/redis/scan-keys.ts';
import { type CommandResult, gaugeway } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { findProgram, title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { CertificateAuthority } from '../support/tls-certificates.ts';

const program = findProgram('redis-server', 'valkey-server');
const openssl = findProgram('openssl');
const never = new AbortController().signal;

describe.skipIf(program.missing)(title('looks at a Redis', program), () => {
  let redis: RedisServer;
  let app: Redis;

  beforeAll(async () => {
    redis = await startRedis(program.path ?? '', { 'slowlog-log-slower-than': '1000' });
    app = redis.client();
  });
  beforeEach(async () => {
    await app.flushall();
    await app.slowlog('RESET');
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  describe('redis keys', () => {
    test('groups keys by pattern, with their life, type and size', async () => {
      for (let user = 0; user < 120; user += 1)
        await app.setex(`auth:user${user}@example.org`, 60 + user, 'x');
      for (let id = 0; id < 30; id += 1) await app.set(`session:${id}`, 'y'.repeat(500));
      await app.hset('settings', { a: 1 });
      const { patterns, ...scan } = await keys();
      expect(patterns.map(({ pattern, count, types }) => [pattern, count, ...types])).toEqual([
        ['auth:*', 120, 'string'],
        ['session:*', 30, 'string'],
        ['settings', 1, 'hash'],
      ]);
      expect(patterns[0]).toMatchObject({ sampled: 50, withoutExpiry: 0 });
      expect(patterns[0]?.ttlMinS).toBeGreaterThanOrEqual(59);
      expect(patterns[0]?.ttlMedianS).toBeGreaterThan(patterns[0]?.ttlMinS ?? Infinity);
      expect(patterns[1]).toMatchObject({ sampled: 30, ttlMinS: null, withoutExpiry: 1 });
      expect(patterns[1]?.meanBytes).toBeGreaterThan(500);
      expect(scan).toMatchObject({ databaseKeys: 151, visitedKeys: 151, complete: true, notes: [] });
    });

    test('counts only the keys that a pattern matches', async () => {
      for (let id = 0; id < 20; id += 1) await app.mset(`a:${id}`, 'x', `b:${id}`, 'x');
      const { patterns, visitedKeys } = await keys({ pattern: 'a:*' });
      expect(patterns.map(({ pattern, count }) => [pattern, count])).toEqual([['a:*', 20]]);
      expect(visitedKeys).toBe(40);
    });

    test('looks at every database, or at the one that the URL names', async () => {
      await app.set('here', '1');
      await app.select(3);
      await app.set('there', '1');
      await app.select(0);
      expect((await keys()).patterns).toMatchObject([
        { pattern: 'here', database: 0 },
        { pattern: 'there', database: 3 },
      ]);
      expect((await keys({}, `${redis.url}/3`)).patterns).toMatchObject([{ pattern: 'there', database: 3 }]);
    });

    test('ends with its budget, and says how much it saw', async () => {
      const pipeline = app.pipeline();
      for (let id = 0; id < 20_000; id += 1) pipeline.set(`job:${id}`, 'x');
      await pipeline.exec();
      const scan = await keys({ budgetMs: 0 });
      expect(scan).toMatchObject({ complete: false, databaseKeys: 20_000, visitedKeys: 0, patterns: [] });
      const { stdout } = await run('keys', '--budget=1ms');
      expect(stdout).toMatch(/not seen: the rest of the keys: the budget of 1ms ended after about \d/);
    });

    test('stays small when each key has a name of its own, and tells none of them', async () => {
      const pipeline = app.pipeline();
      for (let id = 0; id < 20_000; id += 1) pipeline.set(`user${letters(id)}:session`, 'x');
      await pipeline.exec();
      const { stdout } = await run('keys', '--json');
      expect(JSON.parse(stdout)).toMatchObject({
        matchedKeys: 20_000,
        patterns: [{ pattern: '*:session', count: 20_000 }],
        otherPatterns: 0,
      });
    });

    test('tells how many patterns it leaves out', async () => {
      const pipeline = app.pipeline();
      for (let id = 0; id < 2000; id += 1)
        pipeline.set(`${letters(id % 45)}:${letters(id % 44)}:${letters(id)}`, 'x');
      await pipeline.exec();
      const { patterns, otherPatterns, otherKeys } = await keys();
      expect(patterns).toHaveLength(200);
      expect(otherPatterns).toBeGreaterThan(100);
      expect(patterns.reduce((sum, { count }) => sum + count, otherKeys)).toBe(2000);
      expect((await run('keys')).stdout).toMatch(
        new RegExp(`not seen: ${otherPatterns} more patterns with \\d+ keys`),
      );
    });

    test('says how many lookups it made, which the server counts', async () => {
      for (let id = 0; id < 30; id += 1) await app.set(`session:${id}`, 'x');
      await app.config('RESETSTAT');
      const { stdout } = await run('keys');
      expect(stdout).toContain('Its 20 lookups (TTL, TYPE) count in the hit rate');
      expect(await app.info('stats')).toContain('keyspace_hits:20\r\nkeyspace_misses:0');
    });

    test('never calls KEYS, and does not count the members of a large collection', async () => {
      const pipeline = app.pipeline();
      for (let id = 0; id < 5000; id += 1) pipeline.sadd('members', `member-${id}`);
      await pipeline.exec();
      await app.config('RESETSTAT');
      expect((await keys()).patterns[0]?.meanBytes).toBeGreaterThan(100_000);
      const stats = await app.info('commandstats');
      expect(stats).toContain('cmdstat_scan:');
      expect(stats).not.toMatch(/cmdstat_(keys|smembers)/);
    });

    test('shows what a user who may only scan can see, and says what he lacks', async () => {
      await app.set('session:1', 'x');
      await app.call('ACL', 'SETUSER', 'scanner', 'on', '>secret1', 'allkeys', '+info', '+scan', '+select');
      const url = new URL(redis.url);
      url.username = 'scanner';
      url.password = 'secret1';
      const { patterns, notes } = await keys({}, url.href);
      expect(patterns).toMatchObject([
        { pattern: 'session:*', count: 1, ttlMinS: null, withoutExpiry: null },
      ]);
      expect(notes.join()).toMatch(/\+ttl.*\+type.*\+memory\|usage/);
    });

    test('warns of keys that never expire', async () => {
      for (let id = 0; id < 20; id += 1) await app.set(`session:${id}`, 'x');
      const { code, stdout } = await run('keys', '--limit=redis.keys-without-expiry=10', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        verdict: 'warn',
        matchedKeys: 20,
        patterns: [{ pattern: 'session:*', count: 20, share: 1, verdict: 'warn' }],
      });
    });
  });

  describe('redis hits', () => {
    test('fails a cold cache by what happens now, whatever its whole life was like', async () => {
      await app.set('warm', '1');
      for (let round = 0; round < 2000; round += 1) await app.get('warm');
      const seen = new AbortController();
      const cold = missUntil(seen.signal);
      const { code, stdout } = await run('hits', '--window=300ms', '--json', '--check');
      seen.abort();
      await cold;
      expect(code).toBe(1);
      const document: unknown = JSON.parse(stdout);
      expect(document).toMatchObject({ verdict: 'fail', hitRate: 0, commands: [{ command: 'get' }] });
      expect(document).toHaveProperty('lifetimeHitRate', expect.any(Number));
      expect(document).toHaveProperty('remarks.0.text', expect.stringMatching(/^0 % of .* lookups hit/));
    });

    test('tells of EXISTS, whose misses may be meant, and advises no longer life of keys', async () => {
      const seen = new AbortController();
      const asking = (async () => {
        while (!seen.signal.aborted) await app.exists('revoked:1');
      })();
      const { stdout } = await run('hits', '--window=300ms', '--json');
      seen.abort();
      await asking;
      const document: unknown = JSON.parse(stdout);
      expect(document).toMatchObject({ verdict: 'warn', commands: [{ command: 'exists' }] });
      expect(document).toHaveProperty(
        'remarks.0.text',
        expect.stringMatching(/EXISTS makes \d+ % of the lookups/),
      );
      expect(document).toHaveProperty('remarks.0.advice', expect.not.stringContaining('TTL'));
    });

    test('says nothing of a password that the server does not need', async () => {
      const url = `${redis.url.replace('redis://', 'redis://:hunter2@')}/3`;
      const { code, stderr } = await gaugeway(['redis', 'hits', `--redis=${url}`, '--window=100ms']);
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/WARN|password|hunter2/);
    });

    test('says that nothing was looked up', async () => {
      const { code, stdout } = await run('hits', '--window=100ms', '--check');
      expect(code).toBe(0);
      expect(stdout).toContain('nothing was looked up (0 hits, 0 misses)');
      expect(stdout).toContain('No command but our own in the window.');
    });
  });

  describe('redis slowlog', () => {
    test('shows slow commands without what they carry', async () => {
      await app.eval('for i = 1, 2000000 do end return KEYS[1]', 1, 'user:42:token', 'secret-value');
      const { stdout } = await run('slowlog');
      expect(stdout).toMatch(/^EVAL \* \(\+3\) +1 +\d/m);
      expect(stdout).not.toMatch(/secret-value|user:42/);
    });

    test('leaves the entries of the lab out', async () => {
      await app.config('SET', 'slowlog-log-slower-than', '0');
      await keys();
      await app.get('x');
      await app.config('SET', 'slowlog-log-slower-than', '1000');
      const { stdout } = await run('slowlog', '--json');
      expect(stdout).toContain('"command": "GET x"');
      expect(stdout).not.toContain('SCAN');
    });
  });

  test.skipIf(openssl.missing)(
    title('is reached by TLS where its authority is trusted', openssl),
    async () => {
      await using folder = await temporaryFolder();
      const authority = new CertificateAuthority(openssl.path ?? '', folder.path);
      const { key, cert } = authority.issue('IP:127.0.0.1');
      const [keyFile, certFile] = [join(folder.path, 'redis-key.pem'), join(folder.path, 'redis.pem')];
      await writeFile(keyFile, key);
      await writeFile(certFile, cert);
      const port = await freePort();
      await using servers = new AsyncDisposableStack();
      const secured = await startRedis(program.path ?? '', {
        'tls-port': String(port),
        'tls-cert-file': certFile,
        'tls-key-file': keyFile,
        'tls-ca-cert-file': authority.caPath,
        'tls-auth-clients': 'no',
      });
      servers.use(secured);
      const args = ['redis', 'hits', `--redis=rediss://127.0.0.1:${port}`, '--window=100ms'];
      const untrusted = await gaugeway(args);
      expect(untrusted.code).toBe(3);
      expect(untrusted.stderr).toMatch(/NODE_EXTRA_CA_CERTS names a file of its CA/);
      const trusted = await gaugeway(args, { env: { NODE_EXTRA_CA_CERTS: authority.caPath } });
      expect(trusted.code).toBe(0);
      expect(trusted.stdout).toMatch(/^(Redis|Valkey) \d/);
    },
  );

  async function missUntil(signal: AbortSignal): Promise<void> {
    for (let id = 0; !signal.aborted; id += 1) await app.get(`cold:${id}`);
  }

  async function keys(options: Partial<ScanOptions> = {}, url = redis.url): Promise<KeyScan> {
    const target = await RedisTarget.connect(url, never);
    try {
      return await scanKeys(target, { budgetMs: 5000, sample: 50, ...options }, never);
    } finally {
      await target.close();
    }
  }

  function run(command: string, ...flags: string[]): Promise<CommandResult> {
    return gaugeway(['redis', command, `--redis=${redis.url}`, ...flags]);
  }
});

/** Another word for each number. */
function letters(at: number): string {
  return Array.from(String(at), (digit) => 'abcdefghij'[Number(digit)]).join('');
}
