import { z } from 'zod';
import { GaugewayError } from '../../../shared/errors.ts';
import { maskKey } from './key-pattern.ts';
import { bufferText } from './read-redis.ts';
import { labClientName, type RedisTarget } from './redis-target.ts';

/** As many as Redis keeps by default. */
const mostEntries = 128;
/** Commands whose first argument is a word of theirs. */
const containers = new Set([
  'ACL',
  'CLIENT',
  'CLUSTER',
  'CONFIG',
  'DEBUG',
  'MEMORY',
  'OBJECT',
  'SCRIPT',
  'SLOWLOG',
  'XINFO',
]);
/** Commands whose first argument is a value or code, never a key. */
const withoutKey = new Set([
  'AUTH',
  'HELLO',
  'EVAL',
  'EVALSHA',
  'EVAL_RO',
  'EVALSHA_RO',
  'FCALL',
  'FCALL_RO',
  'ECHO',
  'PUBLISH',
]);

/** A command of the slow log; its arguments are masked. */
export interface SlowCommand {
  id: number;
  /** By the server's clock. */
  atMs: number;
  tookMs: number;
  /** Name and first key as a pattern, and how many arguments follow, e.g. `HGETALL mcpgw:user:*`. */
  command: string;
  /** Address and, where it has one, name. */
  client: string;
}

export interface SlowlogReading {
  entries: SlowCommand[];
  /** Of the server, at the time of the reading; null when the user may not ask. */
  serverMs: number | null;
  /** `slowlog-log-slower-than`; null when the user may not ask or when nothing is logged. */
  thresholdMs: number | null;
  notes: string[];
}

const entries = z.array(
  z
    .tuple([z.number(), z.number(), z.number(), z.array(bufferText()), bufferText(), bufferText()])
    .rest(z.unknown()),
);

/** Reads the slow log, the newest entry first; the lab's own are left out. Throws GaugewayError source_unreadable. */
export async function readSlowlog(redis: Pick<RedisTarget, 'ask'>): Promise<SlowlogReading> {
  const [log, time, threshold] = await redis.ask(
    ['slowlog', 'get', mostEntries],
    ['time'],
    ['config', 'get', 'slowlog-log-slower-than'],
  );
  if (log instanceof GaugewayError) throw log;
  const notes = [time, threshold].flatMap((each) => (each instanceof GaugewayError ? [each.message] : []));
  const thresholdUs =
    threshold instanceof GaugewayError ? undefined : Number(z.array(bufferText()).parse(threshold)[1] ?? -1);
  if (thresholdUs !== undefined && thresholdUs < 0)
    notes.push('slow commands: slowlog-log-slower-than turns the log off');
  return {
    entries: entries
      .parse(log)
      .filter(([, , , , , name]) => name !== labClientName)
      .map(([id, atS, tookUs, args, address, name]) => ({
        id,
        atMs: atS * 1000,
        tookMs: tookUs / 1000,
        command: maskCommand(args),
        client: name === '' ? address : `${address} ${name}`,
      })),
    serverMs: time instanceof GaugewayError ? null : Number(z.array(bufferText()).parse(time)[0]) * 1000,
    thresholdMs: thresholdUs === undefined || thresholdUs < 0 ? null : thresholdUs / 1000,
    notes,
  };
}

/** The command without its values: only its name, a word that belongs to it, and its first key as a pattern. */
export function maskCommand([name = '', ...args]: readonly string[]): string {
  const word = name.toUpperCase();
  const [first, ...rest] = args;
  if (first === undefined) return word;
  const shown = containers.has(word)
    ? first.toUpperCase()
    : withoutKey.has(word)
      ? '*'
      : maskKey(first).slice(0, 80);
  return rest.length === 0 ? `${word} ${shown}` : `${word} ${shown} (+${rest.length})`;
}
