import { z } from 'zod';
import { nowMs } from '../../shared/clock.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { outsideMessage } from '../../shared/outside-error.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import { redisReader } from '../../shared/minimal-access.ts';
import { bufferText } from '../collect/redis/read-redis.ts';
import { type RedisCommand, RedisTarget } from '../collect/redis/redis-target.ts';
import { applyChecks, type Check, type Examination, fail, ok, warn } from './check.ts';

/** What is sent to see whether it may be: each only reads. */
const commands = [
  ['info', 'server'],
  ['dbsize'],
  ['scan', '0', 'count', '1'],
  ['memory', 'usage', 'gaugeway:none'],
  ['slowlog', 'get', '1'],
  ['slowlog', 'len'],
  ['latency', 'latest'],
  ['config', 'get', 'maxmemory'],
] as const satisfies RedisCommand[];
/** These count as hits or misses when they run: in a transaction that is discarded they are examined, but do not run. */
const lookups = [
  ['ttl', 'gaugeway:none'],
  ['type', 'gaugeway:none'],
] as const satisfies RedisCommand[];
/** Those whose right is given with the second word. */
const withSecondWord: readonly string[] = ['memory', 'slowlog', 'latency', 'config'];

/** How a Redis answered. */
export interface RedisFacts {
  user: string;
  version: string | undefined;
  /** Commands that it refused, in words. */
  refused: string[];
  /** Lookups of a name that is not there, which the server counts as misses. */
  misses: number;
  /** How far its clock is before ours; undefined when the user may not ask. */
  clock: { offsetMs: number; errorMs: number } | undefined;
}

/** Checks of a Redis that answers. */
export const redisChecks: readonly Check<RedisFacts>[] = [
  { name: 'version', judge: ({ version }) => (version === undefined ? undefined : ok(`version ${version}`)) },
  {
    name: 'commands',
    judge: ({ refused, misses, user }) =>
      refused.length === 0
        ? ok(
            misses === 0
              ? 'all that are needed are allowed'
              : `all that are needed are allowed (${misses} misses in its figures are of this check)`,
          )
        : fail(`not allowed: ${refused.join(', ')}`, redisReader(user)),
  },
  {
    name: 'clock',
    judge({ clock }) {
      if (clock === undefined) return undefined;
      const { offsetMs, errorMs } = clock;
      const found = `${offsetMs.toFixed(1)} ms off ours (± ${errorMs.toFixed(1)} ms)`;
      return Math.abs(offsetMs) - errorMs > 1000 ? warn(found) : ok(found);
    },
  },
];

/** Connects as every look does, and sends once what looks send. */
export const examineRedis: Examination = async ({ redisUrl }, signal) => {
  if (redisUrl === undefined) return [];
  const user = URL.canParse(redisUrl) ? decodeURIComponent(new URL(redisUrl).username) : '';
  const reader = user === '' || user === 'default' ? 'gaugeway_lab' : user;
  let redis: RedisTarget | undefined;
  try {
    redis = await RedisTarget.connect(redisUrl, signal);
    const answers = await redis.ask(...commands);
    const looked = await examineLookups(redis);
    const refused = [...commands.filter((_, at) => answers[at] instanceof GaugewayError), ...looked.refused];
    const startMs = nowMs();
    const [time] = await redis.ask(['time']);
    const errorMs = (nowMs() - startMs) / 2;
    const clock = timeAnswer.safeParse(time).data?.map(Number);
    const [info] = answers;
    return applyChecks('redis', redisChecks, {
      user: reader,
      version: /^(?:valkey|redis)_version:(\S+)/m.exec(bufferText().safeParse(info).data ?? '')?.[1],
      refused: [
        ...refused.map((command) => command.slice(0, withSecondWord.includes(command[0]) ? 2 : 1).join(' ')),
        ...(clock === undefined ? ['time'] : []),
      ],
      misses: looked.misses,
      clock:
        clock === undefined
          ? undefined
          : { offsetMs: (clock[0] ?? 0) * 1000 + (clock[1] ?? 0) / 1000 - (startMs + errorMs), errorMs },
    });
  } catch (error) {
    const message = maskSecrets(outsideMessage(error));
    return [{ source: 'redis', check: 'connection', ...fail(message, ...remedyOf(message, reader)) }];
  } finally {
    await redis?.close();
  }
};

/** A user who may not begin a transaction has them run: they miss. */
async function examineLookups(redis: RedisTarget): Promise<{ refused: RedisCommand[]; misses: number }> {
  const [begun] = await redis.ask(['multi']);
  const answers = await redis.ask(...lookups);
  const refused = lookups.filter((_, at) => answers[at] instanceof GaugewayError);
  if (begun instanceof GaugewayError) return { refused, misses: lookups.length - refused.length };
  await redis.ask(['discard']);
  return { refused, misses: 0 };
}

const timeAnswer = z.tuple([bufferText(), bufferText()]);

function remedyOf(message: string, reader: string): string[] {
  if (message.includes('ECONNREFUSED')) return ['start it, or let gaugeway discover --force find it'];
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message)) {
    return [
      redisReader(reader),
      'in the stack file: redis: { url: redis://USER:${GAUGEWAY_REDIS_PASSWORD}@HOST:PORT/0 }',
    ];
  }
  return [];
}
