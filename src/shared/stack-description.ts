/** The parts of a stack that a process can play, as the guide names its containers. */
export const processRoles = [
  'gateway',
  'postgres',
  'upstream',
  'redis',
  'pgbouncer',
  'nginx',
  'load',
] as const;
export type ProcessRole = (typeof processRoles)[number];

/** A process on this machine, as it was found when the command began. */
export interface WatchedProcess {
  role: ProcessRole;
  name: string;
  pid: number;
}

/** A container of the engine behind {@link StackSources.containerSocket}. */
export interface WatchedContainer {
  role: ProcessRole;
  /** As the engine names it, without the slash. */
  name: string;
}

/** A log of one part of the stack. */
export interface WatchedLog {
  role: ProcessRole;
  /** What it is called on the timeline, e.g. `gateway-1`. */
  name: string;
  from: LogOrigin;
}

/** Where a log is read: a file, what a container wrote to its outputs, or a systemd unit in the journal. */
export type LogOrigin = { file: string } | { container: string } | { unit: string };

/** In words, e.g. `container gateway-1`. */
export function describeLogOrigin(from: LogOrigin): string {
  if ('file' in from) return `file ${from.file}`;
  return 'container' in from ? `container ${from.container}` : `unit ${from.unit}`;
}

export interface NginxSources {
  /** URL of `stub_status`. */
  statusUrl?: string;
  /** Path of the access log. */
  accessLog?: string;
}

/** Where the layers of a stack can be read. What is not given is not sampled. DSNs and URLs may hold passwords. */
export interface StackSources {
  postgresDsn?: string;
  /** DSN of PgBouncer's admin console (database `pgbouncer`); one of its `stats_users` suffices. */
  pgbouncerDsn?: string;
  redisUrl?: string;
  nginx?: NginxSources;
  processes: WatchedProcess[];
  containers: WatchedContainer[];
  /** Unix socket of the Docker Engine, or of podman's service. */
  containerSocket?: string;
  logs: WatchedLog[];
}

/** What is profiled, and where. What is not given is not sampled, and the report says so. */
export interface StackDescription extends StackSources {
  name: string;
  embedded: boolean;
  /** Base URL, e.g. `http://127.0.0.1:4444`; the MCP endpoint is `<gatewayUrl>/mcp`. */
  gatewayUrl: string;
  /** Bearer token for the gateway; never written anywhere. */
  token?: string;
}
