import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPgBouncer } from '../support/pgbouncer.ts';
import { startRedis } from '../support/redis.ts';
import { findProgram, title } from '../support/requires.ts';
import { faultModule, profileStack } from './profile-stack.ts';

const pgbouncerProgram = findProgram('pgbouncer');
const redisProgram = findProgram('redis-server', 'valkey-server');
const poolSize = 50;
const waiting = 10;

describe('a session names what is wrong with pools and caches', { timeout: 90_000 }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gaugeway-pathologies-'));
    // As root, PostgreSQL runs under another account, which has to get in.
    await chmod(folder, 0o711);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test.skipIf(pgbouncerProgram.missing)(
    title('fifty sessions idle in transaction behind PgBouncer, with clients waiting', pgbouncerProgram),
    async () => {
      await using stack = new AsyncDisposableStack();
      const { findings } = await profileStack(folder, 'held-pool', {}, async (description) => {
        const dsn = description.postgresDsn ?? '';
        const pgbouncer = stack.use(await startPgBouncer(pgbouncerProgram.path ?? '', dsn, { poolSize }));
        const clients = await Promise.all(
          Array.from({ length: poolSize + waiting }, () => connect(pgbouncer.through(dsn))),
        );
        for (const client of clients.slice(0, poolSize)) {
          await client.query('begin');
          await client.query('select 1');
        }
        for (const client of clients.slice(poolSize)) askAndWait(client);
        return { ...description, pgbouncerDsn: pgbouncer.consoleDsn };
      });
      // The probe that is never ended is the cause, the pool what it uses up.
      expect(findings.slice(0, 2)).toMatchObject([
        { ruleId: 'health-check-holds-connection', verdict: 'fail' },
        {
          ruleId: 'pool-exhausted',
          verdict: 'fail',
          title: expect.stringMatching(
            /^10 clients wait .*: the application holds its connections in open transactions$/,
          ),
        },
      ]);
    },
  );

  test.skipIf(redisProgram.missing)(title('a cold cache: every lookup misses', redisProgram), async () => {
    await using redis = await startRedis(redisProgram.path ?? '');
    const { findings } = await profileStack(
      folder,
      'cold-cache',
      cached('cold', redis.url),
      async (stack) => ({
        ...stack,
        redisUrl: redis.url,
      }),
    );
    expect(findings[0]).toMatchObject({
      ruleId: 'low-hit-rate',
      verdict: 'fail',
      title: expect.stringMatching(/^100 % of the cache's lookups miss/),
    });
  });

  test.skipIf(pgbouncerProgram.missing ?? redisProgram.missing)(
    title('a warm cache and a pool with room: nothing fails', pgbouncerProgram, redisProgram),
    async () => {
      await using redis = await startRedis(redisProgram.path ?? '');
      await using stack = new AsyncDisposableStack();
      const { findings, ruledOut, notChecked } = await profileStack(
        folder,
        'warm-cache',
        cached('warm', redis.url),
        async (description) => {
          const dsn = description.postgresDsn ?? '';
          const pgbouncer = stack.use(await startPgBouncer(pgbouncerProgram.path ?? '', dsn, { poolSize }));
          await connect(pgbouncer.through(dsn));
          return { ...description, pgbouncerDsn: pgbouncer.consoleDsn, redisUrl: redis.url };
        },
      );
      expect(findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'error')).toEqual([]);
      const passed = ruledOut.map(({ ruleId }) => ruleId);
      for (const id of ['pool-exhausted', 'low-hit-rate', 'cache-bypassed', 'keys-evicted']) {
        expect(passed).toContain(id);
      }
      expect(notChecked.filter(({ ruleId }) => passed.includes(ruleId))).toEqual([]);
    },
  );
});

function cached(kind: 'cold' | 'warm', url: string): Parameters<typeof profileStack>[2] {
  return {
    gateway: {
      imports: [faultModule('cached-lookups')],
      env: { GAUGEWAY_TEST_REDIS: url, GAUGEWAY_TEST_CACHE: kind },
    },
  };
}

/** Ends with the PgBouncer that it is connected to. */
async function connect(dsn: string): Promise<Client> {
  const client = new Client({ connectionString: dsn, application_name: 'health' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Waits for a server connection that it never gets. */
function askAndWait(client: Client): void {
  client.query('select 2').catch(() => undefined);
}
