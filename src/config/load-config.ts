import { GaugewayError } from '../shared/errors.ts';
import { isLoopbackHost } from '../shared/loopback.ts';
import { gatewayConfigSchema, listConfigKeys } from './schema.ts';
import type { ConfigKey, GatewayConfig } from './schema.ts';

/** What the command line gave, by key. */
export type ConfigFlags = Partial<Record<ConfigKey, string | boolean>>;

/**
 * A flag wins over the environment, which wins over the default; an empty variable counts as not set.
 * Throws GaugewayError config_invalid that names the flag or variable at fault, never its value.
 */
export function loadConfig(flags: ConfigFlags, env: Readonly<NodeJS.ProcessEnv>): GatewayConfig {
  const keys = listConfigKeys();
  const given: Record<string, string | boolean> = {};
  for (const { key, meta } of keys) {
    const value = flags[key] ?? (env[meta.env] || undefined);
    if (value !== undefined) given[key] = value;
  }
  const parsed = gatewayConfigSchema.safeParse(given);
  if (parsed.success) return refuseOpenBinding(parsed.data);
  const issue = parsed.error.issues[0];
  const at = keys.find(({ key }) => key === issue?.path[0]);
  const source = at === undefined ? 'configuration' : sourceOf(at, flags);
  throw new GaugewayError('config_invalid', `${source} is not valid: ${issue?.message ?? 'see --help'}`, {
    ...(at && { field: at.key }),
  });
}

function sourceOf({ key, meta }: ReturnType<typeof listConfigKeys>[number], flags: ConfigFlags): string {
  return flags[key] !== undefined && meta.flag !== undefined ? (meta.flag.split(' ')[0] ?? key) : meta.env;
}

/** Whoever can reach a gateway without authentication can use everything behind it. */
function refuseOpenBinding(config: GatewayConfig): GatewayConfig {
  if (config.jwtSecret !== undefined || isLoopbackHost(config.host)) return config;
  throw new GaugewayError(
    'config_invalid',
    `refusing to bind ${config.host} without authentication: set JWT_SECRET_KEY, or bind 127.0.0.1`,
    { field: 'host' },
  );
}
