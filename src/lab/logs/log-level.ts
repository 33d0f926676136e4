import type { LogLevel } from '../timeline/samples/log-sample.ts';

/** The words of pino, bunyan, structlog, zap, Python, PostgreSQL, nginx, syslog and Google Cloud. */
const words: Record<string, LogLevel> = {
  emerg: 'fatal',
  emergency: 'fatal',
  alert: 'fatal',
  crit: 'fatal',
  critical: 'fatal',
  fatal: 'fatal',
  panic: 'fatal',
  dpanic: 'fatal',
  error: 'error',
  err: 'error',
  severe: 'error',
  exception: 'error',
  warn: 'warn',
  warning: 'warn',
  notice: 'info',
  info: 'info',
  information: 'info',
  log: 'info',
  default: 'info',
  statement: 'info',
  success: 'info',
  debug: 'debug',
  trace: 'debug',
  verbose: 'debug',
  notset: 'debug',
};

/** The level that a word or a number of pino and bunyan stands for; undefined when it is none. */
export function levelOfField(value: unknown): LogLevel | undefined {
  if (typeof value === 'string' && !/^\d+$/.test(value)) {
    const word = value.toLowerCase();
    return Object.hasOwn(words, word) ? words[word] : undefined;
  }
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number') return undefined;
  if (number >= 60) return 'fatal';
  if (number >= 50) return 'error';
  if (number >= 40) return 'warn';
  if (number >= 30) return 'info';
  return number >= 10 ? 'debug' : undefined;
}

/** Syslog's priority (RFC 5424), as the journal has it. */
export function levelOfPriority(priority: unknown): LogLevel | undefined {
  const number = typeof priority === 'string' ? Number(priority) : NaN;
  if (!(number >= 0)) return undefined;
  if (number <= 2) return 'fatal';
  return number === 3 ? 'error' : number === 4 ? 'warn' : number <= 6 ? 'info' : 'debug';
}

const named = Object.keys(words).join('|');
/** `[error]`, `ERROR:`, ` - ERROR - `, `level=error`, within what a line has before its text. */
const marks: readonly RegExp[] = [
  new RegExp(String.raw`^.{0,80}?\[\s*(${named})\s*\]:?\s*`, 'i'),
  new RegExp(String.raw`^.{0,120}?\b(?:level|lvl|severity)=["']?(${named})\b["']?\s*`, 'i'),
  new RegExp(String.raw`^(?:\[[^\]]{0,60}\]\s*|\S{1,80}\s+-\s+){0,3}(${named})(?::\s+|\s+-\s+)`, 'i'),
  new RegExp(String.raw`^.{0,80}?(?<![\w"'./-])(${named.toUpperCase()})(?:\s*\||:?\s+-?\s*|:$|$)`),
];
/** `E1128 01:51:07.123456       1 main.go:12] text`, as Kubernetes' programs write. */
const klog = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [^\]]{1,80}\] /;
const klogLevels: Record<string, LogLevel> = { I: 'info', W: 'warn', E: 'error', F: 'fatal' };
/** Redis: a dot is debug, a dash verbose, a star notice, a hash warning. */
const redis = /^\d+:[XCSM] .{10,30}? ([.*#-]) /;
const redisLevels: Record<string, LogLevel> = { '.': 'debug', '-': 'debug', '*': 'info', '#': 'warn' };

/** The level that a line names before its text, and that text; `text` is the line without its time. Undefined when it names none. */
export function readLeadingLevel(line: string, text: string): { level: LogLevel; rest: string } | undefined {
  const kubernetes = klog.exec(line);
  if (kubernetes !== null) {
    return { level: klogLevels[kubernetes[1] ?? ''] ?? 'unknown', rest: line.slice(kubernetes[0].length) };
  }
  const ofRedis = redis.exec(line);
  if (ofRedis !== null) {
    return { level: redisLevels[ofRedis[1] ?? ''] ?? 'unknown', rest: line.slice(ofRedis[0].length) };
  }
  for (const mark of marks) {
    const match = mark.exec(text);
    if (match === null) continue;
    return { level: levelOfField(match[1]) ?? 'unknown', rest: text.slice(match[0].length) };
  }
  return undefined;
}

/** What a line is about that names no level, as the guide greps for it. */
export function guessLevel(line: string): LogLevel {
  if (/^(?:panic:|fatal error:|FATAL)|\bout of memory\b/i.test(line)) return 'fatal';
  if (/\b(?:error|exception|traceback|timeout|timed out)\b|[a-z](?:Error|Exception|Timeout)\b/i.test(line)) {
    return 'error';
  }
  return /\bwarn(?:ing)?\b/i.test(line) ? 'warn' : 'unknown';
}
