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

/** What is profiled. What is not given is not sampled, and the report says so. */
export interface StackDescription {
  name: string;
  embedded: boolean;
  /** Base URL, e.g. `http://127.0.0.1:4444`; the MCP endpoint is `<gatewayUrl>/mcp`. */
  gatewayUrl: string;
  /** Bearer token for the gateway; never written anywhere. */
  token?: string;
  postgresDsn?: string;
  processes: { role: ProcessRole; name: string; pid: number }[];
}
