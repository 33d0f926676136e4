import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { parseYaml } from '../shared/parse-yaml.ts';
import { processRoles } from '../shared/stack-description.ts';
import { hasErrorCode } from '../shared/system-error.ts';

/** Where commands look for the description of a stack when they are not told. */
export const stackFileName = 'gaugeway.stack.yaml';

const maxFileBytes = 1024 * 1024;

const role = z.enum(processRoles);
const name = z.string().min(1).max(100);
/** What the driver understands; a password in it is percent-encoded. */
const postgresDsn = z.string().refine((text) => /^postgres(ql)?:/.test(text) && canDecode(text), {
  error: 'must be a URL: postgresql://USER@HOST:PORT/DATABASE, a password in it percent-encoded',
});
const redisUrl = z.string().refine((text) => /^(redis|valkey)s?:/.test(text) && canDecode(text), {
  error: 'must be a URL: redis://USER@HOST:PORT/0, a password in it percent-encoded',
});
const httpUrl = z.url({ protocol: /^https?$/ });

function canDecode(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, pathname } = new URL(text);
  try {
    decodeURIComponent(`${username}${password}${pathname}`);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

/** What an option may name as a source: the same as a stack file. */
export const sourceUrls = { postgres: postgresDsn, redis: redisUrl, http: httpUrl };
const port = z.int().min(1).max(65535);

const watchedProcess = z
  .strictObject({
    role,
    name: name.optional().meta({ description: 'On the timeline; the role when it is left out' }),
    pid: z.int().min(1).optional().meta({ description: 'This process; changes with every start' }),
    pidFile: z.string().optional().meta({ description: 'The process whose id the file holds' }),
    port: port.optional().meta({ description: 'Every process that listens on this TCP port' }),
    match: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Every process whose command line this regular expression matches' }),
  })
  .refine(
    ({ pid, pidFile, port: listening, match }) =>
      [pid, pidFile, listening, match].filter((each) => each !== undefined).length === 1,
    { error: 'give one of pid, pidFile, port and match' },
  );

const watchedLog = z
  .strictObject({
    role,
    name: name.optional().meta({ description: 'On the timeline; the role when it is left out' }),
    file: z.string().optional(),
    container: z.string().optional(),
    unit: z.string().optional().meta({ description: "A systemd unit in the machine's journal" }),
  })
  .refine(
    ({ file, container, unit }) => [file, container, unit].filter((each) => each !== undefined).length === 1,
    { error: 'give one of file, container and unit' },
  );

/**
 * The description of a stack, as it is written in `gaugeway.stack.yaml`. `${NAME}` in a text is the environment's,
 * `${file:PATH}` what a file holds.
 */
export const stackFileSchema = z
  .strictObject({
    name: name.optional().meta({ description: 'What the stack is called in runs and reports' }),
    gateway: z
      .strictObject({
        url: httpUrl.meta({ description: 'e.g. `http://127.0.0.1:4444`' }),
        token: z.string().optional().meta({ description: 'Bearer token; best as `${NAME}`' }),
      })
      .optional(),
    postgres: z
      .strictObject({ dsn: postgresDsn.meta({ description: 'A role with pg_monitor suffices' }) })
      .optional(),
    pgbouncer: z
      .strictObject({
        dsn: postgresDsn.meta({ description: 'Of the admin console; one of `stats_users` suffices' }),
      })
      .optional(),
    redis: z
      .strictObject({ url: redisUrl.meta({ description: 'e.g. `redis://127.0.0.1:6379/0`' }) })
      .optional(),
    nginx: z
      .strictObject({
        status: httpUrl.optional().meta({ description: 'URL of `stub_status`' }),
        accessLog: z.string().optional().meta({ description: 'Path of the access log' }),
      })
      .optional(),
    processes: z.array(watchedProcess).max(500).default([]),
    containers: z
      .strictObject({
        socket: z.string().optional().meta({
          description: 'Unix socket of the engine (default: $DOCKER_HOST, then /var/run/docker.sock)',
        }),
        watch: z.array(z.strictObject({ role, name })).max(500).default([]),
      })
      .optional(),
    logs: z.array(watchedLog).max(500).default([]),
    limits: z
      .record(z.string(), z.number().min(0))
      .default({})
      .meta({ description: 'Limits of this stack by name, see docs/reference/limits.md' }),
  })
  .meta({ id: 'gaugeway-stack', title: 'Gaugeway stack' });

export type StackFile = z.output<typeof stackFileSchema>;

/** Whether there is a file of this name. Throws GaugewayError usage when that cannot be told. */
export async function stackFileExists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    if (hasErrorCode(cause, 'ENOENT')) return false;
    throw new GaugewayError('usage', `${path}: ${messageOf(cause)}`, { cause });
  }
}

/** A stack file that was read. */
export interface ReadStackFile {
  stack: StackFile;
  /** Where a part stands, for messages: `gaugeway.stack.yaml:7: processes.0`. */
  placeOf: (at: Place) => string;
}

/**
 * Reads a stack file. `${NAME}` in a text becomes the environment variable of that name, `${file:PATH}` the content of a
 * file (a password, a token) without the white space at its end; a path is relative to the folder of the stack file.
 * `$${` is a plain `${`.
 * Throws GaugewayError usage that says in which line the mistake is, or which variable or file is missing.
 */
export async function readStackFile(path: string, env: Readonly<NodeJS.ProcessEnv>): Promise<ReadStackFile> {
  const { value, lineOf } = parseYaml(path, await readBounded(path));
  const placeOf = (at: Place): string => {
    const line = lineOf(at);
    return [
      `${path}${line === undefined ? '' : `:${line}`}`,
      ...(at.length === 0 ? [] : [at.join('.')]),
    ].join(': ');
  };
  const mistake = (at: Place, message: string, cause?: unknown): GaugewayError =>
    new GaugewayError('usage', `${placeOf(at)}: ${message}`, cause === undefined ? {} : { cause });
  const expanded = await expand(value, [], async (reference, at) => {
    if (reference.startsWith('file:')) {
      const file = resolve(dirname(path), reference.slice('file:'.length));
      try {
        return (await readBounded(file)).trimEnd();
      } catch (cause) {
        throw mistake(at, messageOf(cause), cause);
      }
    }
    const found = env[reference];
    if (found === undefined) throw mistake(at, `the environment variable ${reference} is not set`);
    return found;
  });
  const parsed = stackFileSchema.safeParse(expanded ?? {});
  if (parsed.success) return { stack: parsed.data, placeOf };
  const [issue] = parsed.error.issues;
  const at = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
  throw mistake(at, issue?.message ?? 'not a stack', parsed.error);
}

async function readBounded(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw new GaugewayError('usage', `${path} is over ${maxFileBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof GaugewayError) throw cause;
    throw new GaugewayError('usage', `${path}: ${messageOf(cause)}`, { cause });
  }
}

type Place = readonly (string | number)[];
type LookUp = (reference: string, at: Place) => Promise<string>;

async function expand(value: unknown, at: Place, lookUp: LookUp): Promise<unknown> {
  if (typeof value === 'string') return expandText(value, at, lookUp);
  if (Array.isArray(value)) {
    return Promise.all(value.map((part: unknown, index) => expand(part, [...at, index], lookUp)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    async ([key, part]) => [key, await expand(part, [...at, key], lookUp)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function expandText(text: string, at: Place, lookUp: LookUp): Promise<string> {
  const parts = text.split(/(\$\$\{|\$\{(?:[A-Za-z_][A-Za-z0-9_]*|file:[^{}]+)\})/);
  // Every second part is a reference, or one that is escaped.
  const known = await Promise.all(
    parts.map(async (part, index) => {
      if (index % 2 === 0) return part;
      return part === '$${' ? '${' : lookUp(part.slice(2, -1), at);
    }),
  );
  return known.join('');
}

/** A text as it has to be written in a stack file to be read as it is: `${` as `$${`. */
export function withoutReferences(text: string): string {
  return text.replaceAll('${', () => '$${');
}
