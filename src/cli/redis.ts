import { type Command, Option } from 'commander';
import { RedisTarget } from '../lab/collect/redis/redis-target.ts';
import { SharedConnection } from '../lab/collect/shared-connection.ts';
import type { Look, LookDocument } from '../lab/look/look.ts';
import { HitsLook } from '../lab/look/redis/hits.ts';
import { KeysLook } from '../lab/look/redis/keys.ts';
import { SlowlogLook } from '../lab/look/redis/slowlog.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

const windowMs = 5000;
const usualBudgetMs = 5000;
const usualSample = 10;

/** `gaugeway redis …`: looks at a Redis or Valkey, which it never changes. */
export function registerRedis(program: Command): void {
  const redis = program
    .command('redis')
    .description(
      'Looks at a Redis or Valkey: a user with +info +scan +ttl +type +memory|usage +slowlog|get suffices',
    );
  const hits = redis.command('hits').summary('hit rate now and since it began, memory, commands');
  addSourceOptions(hits, ['redis']);
  addLookOptions(hits, { windowMs });
  hits.action((flags: SourceFlags & LookFlags) => look(flags, (shared) => new HitsLook(shared)));

  const keys = redis
    .command('keys')
    .summary('keys by pattern: how many, how long they live, what they take')
    .argument('[pattern]', "only these keys, e.g. 'mcpgw:tool_lookup:*'")
    .addOption(
      new Option('--budget <time>', 'time that it may take; SCAN works in short slices and never blocks')
        .argParser(parseWaitMs)
        .default(usualBudgetMs, `${usualBudgetMs / 1000}s`),
    )
    .addOption(
      new Option(
        '--sample <n>',
        'keys of each pattern whose TTL, type and size are asked, which count as hits',
      )
        .argParser(parseSample)
        .default(usualSample),
    );
  addSourceOptions(keys, ['redis']);
  addLookOptions(keys);
  keys.action(
    (pattern: string | undefined, flags: SourceFlags & LookFlags & { budget: number; sample: number }) =>
      look(
        flags,
        (shared) =>
          new KeysLook(shared, {
            ...(pattern === undefined ? {} : { pattern }),
            budgetMs: flags.budget,
            sample: flags.sample,
          }),
      ),
  );

  const slowlog = redis.command('slowlog').summary('commands that made all others wait, arguments masked');
  addSourceOptions(slowlog, ['redis']);
  addLookOptions(slowlog);
  slowlog.action((flags: SourceFlags & LookFlags) => look(flags, (shared) => new SlowlogLook(shared)));
}

async function look<Reading, Document extends LookDocument>(
  flags: SourceFlags & LookFlags,
  create: (redis: SharedConnection<RedisTarget>) => Look<Reading, Document>,
): Promise<void> {
  const { sources, settings } = await readSources(flags, { processes: false });
  const url = sources.redisUrl;
  if (url === undefined) throw missingSource('Redis', '--redis');
  const shared = new SharedConnection((signal) => RedisTarget.connect(url, signal));
  await runLook(create(shared), flags, limitsOf(flags, settings.limits));
}

function parseSample(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new GaugewayError('usage', `--sample takes a number of keys up to 9999, not '${text}'`);
}
