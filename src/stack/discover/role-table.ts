import type { ProcessRole } from '../../shared/stack-description.ts';

/** How a part of a stack is recognised. Every pattern that is given is a way of its own. */
export interface Signature {
  role: ProcessRole;
  what: string;
  /** The executable, without its folder. */
  program?: RegExp;
  /** The command line, its words separated by single spaces. */
  commandLine?: RegExp;
  /** The image of a container, without registry and tag. */
  image?: RegExp;
  /** The Compose service, or the name of a container without that label. */
  service?: RegExp;
  /** The port within a container; says less than a name. */
  port?: number;
}

/**
 * The parts of an MCP gateway stack, the first that matches wins: a gateway's image may have `redis` in its name, and a
 * server of Python is what it serves rather than `uvicorn`.
 */
export const signatures: readonly Signature[] = [
  { role: 'gateway', what: 'Gaugeway', commandLine: /\bgaugeway\b.* serve\b|\bsrc\/main\.ts serve\b/ },
  {
    role: 'upstream',
    what: 'sample MCP server',
    commandLine: /\bgaugeway\b.* upstream-fixture\b|\bsrc\/main\.ts upstream-fixture\b/,
  },
  {
    role: 'gateway',
    what: 'ContextForge',
    commandLine: /\bmcpgateway(\.main|:app)?\b(?!\.(wrapper|translate))/,
    image: /mcp-?context-?forge|mcpgateway/,
  },
  { role: 'pgbouncer', what: 'PgBouncer', program: /^pgbouncer$/, image: /pgbouncer/, service: /pgbouncer/ },
  {
    role: 'postgres',
    what: 'PostgreSQL',
    program: /^(postgres|postmaster)$/,
    image: /postgres|timescale|pgvector/,
    service: /^(postgres|postgresql|pg|db|database)\b/,
  },
  {
    role: 'redis',
    what: 'Redis',
    program: /^(redis|valkey|keydb)-server$/,
    image: /\b(redis|valkey|keydb)\b/,
    service: /^(redis|valkey|cache)\b/,
  },
  { role: 'nginx', what: 'nginx', program: /^nginx$/, image: /\b(nginx|openresty)\b/, service: /^nginx\b/ },
  { role: 'load', what: 'Locust', commandLine: /\blocust\b/, image: /locust/, service: /^locust\b/ },
  {
    role: 'gateway',
    what: 'gateway',
    image: /mcp-?gateway|gaugeway/,
    service: /^(mcp-?)?gateway\b|^gaugeway\b/,
  },
  { role: 'upstream', what: 'MCP server', image: /\bmcp-|-mcp\b|mcp-server/, service: /\bmcp\b|_server$/ },
  { role: 'postgres', what: 'PostgreSQL', port: 5432 },
  { role: 'pgbouncer', what: 'PgBouncer', port: 6432 },
  { role: 'redis', what: 'Redis', port: 6379 },
  { role: 'gateway', what: 'gateway', port: 4444 },
];

/**
 * Programs whose servers are asked over HTTP whether they are a gateway or an MCP server. A program that is not in this
 * list is sent nothing: nobody knows what a request does to it.
 */
export const serverRuntimes =
  /^(node|nodejs|bun|deno|python[\d.]*|uvicorn|gunicorn|hypercorn|granian|java|ruby|php[\d.]*)$/;

/** What a process is by its executable and its command line. */
export function signatureOfProcess(process: {
  programs: readonly string[];
  commandLine: string;
}): Signature | undefined {
  return signatures.find(
    ({ program, commandLine }) =>
      process.programs.some((name) => program?.test(name)) || commandLine?.test(process.commandLine),
  );
}

/** What a container is; by its port only when nothing else says it. */
export function signatureOfContainer(
  image: string,
  service: string,
  ports: readonly number[],
): (Signature & { byPort: boolean }) | undefined {
  const bare = image
    .toLowerCase()
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '');
  const named = signatures.find(
    (each) => each.image?.test(bare) === true || each.service?.test(service.toLowerCase()),
  );
  if (named !== undefined) return { ...named, byPort: false };
  const listening = signatures.find(({ port }) => port !== undefined && ports.includes(port));
  return listening === undefined ? undefined : { ...listening, byPort: true };
}
