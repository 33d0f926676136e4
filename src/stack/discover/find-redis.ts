import { redisReader } from '../../shared/minimal-access.ts';
import { askRedis } from './ask-redis.ts';
import type { FileEntry, SecretUrl, Unreached } from './found.ts';
import { whyNotSent } from './secret-reach.ts';
import { type LocalProcess, socketsOf } from './local-processes.ts';

/** A Redis or Valkey of this machine. */
export interface LocalRedis {
  pid: number;
  port: number;
  host: string;
  visible: boolean;
}

/** Its title holds address and port: `redis-server 127.0.0.1:6379`. */
export async function localRedis({ pid, commandLine }: LocalProcess): Promise<LocalRedis> {
  const sockets = await socketsOf(pid);
  const [socket] = sockets ?? [];
  const port = socket?.port ?? Number(/:(\d+)(?: |$)|--port (\d+)/.exec(commandLine)?.[1] ?? 6379);
  return { pid, port, host: socket?.host ?? '127.0.0.1', visible: sockets !== undefined };
}

/** Tries the URL that the gateway was given, and then without a password. */
export async function accessRedis(
  { pid, port, host }: LocalRedis,
  given: readonly SecretUrl[],
): Promise<{ version?: string; entry: FileEntry; secret?: SecretUrl; unreached?: Unreached }> {
  const plain = `redis://${host}:${port}/0`;
  const candidates = [...given, { url: plain, reference: plain }];
  const refusals: string[] = [];
  for (const candidate of candidates) {
    const unsent =
      candidate.owner === undefined ? undefined : await whyNotSent(candidate.url, 6379, [candidate.owner]);
    if (unsent !== undefined) {
      refusals.push(unsent);
      continue;
    }
    const answer = await askRedis(candidate.url);
    if ('refused' in answer) {
      refusals.push(answer.refused);
      continue;
    }
    return {
      version: answer.version,
      secret: candidate,
      entry: {
        value: candidate.reference,
        comments: [`version ${answer.version}, process ${pid}`],
        usable: true,
      },
    };
  }
  return {
    entry: {
      value: `redis://gaugeway_lab:\${GAUGEWAY_REDIS_PASSWORD}@${host}:${port}/0`,
      comments: [
        `a Redis listens on port ${port} (process ${pid}), but did not let us in`,
        'name a user, set the variable, and take away the #',
      ],
      usable: false,
    },
    unreached: {
      what: `Redis on port ${port} (pid ${pid})`,
      why: refusals[0] ?? 'it did not answer',
      remedy: redisReader('gaugeway_lab'),
    },
  };
}
