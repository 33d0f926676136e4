import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { startGatewayServer } from '../gateway/server.ts';
import type { StartupRegistration } from '../gateway/control/startup-registrations.ts';
import { createLogger } from '../shared/logger.ts';
import type { Logger } from '../shared/logger.ts';
import { startEmbeddedPostgres } from '../stack/embedded-postgres.ts';
import type { EmbeddedPostgres } from '../stack/embedded-postgres.ts';
import { addConfigOptions, configFlags } from './config-options.ts';
import { packageVersion } from './package-version.ts';
import { announceListening, awaitStopRequest } from './stop-request.ts';

/** `gaugeway serve`: the gateway as a process. */
export function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('run the MCP gateway')
    .description(
      'Serves MCP at /mcp and /servers/{id}/mcp and a REST control plane beside it (/openapi.json).\n' +
        'Without --pg it runs a PostgreSQL of its own in the data folder.',
    )
    .option('--register <name=url>', 'register an MCP server if it is not; repeatable', registration, [])
    .option('--exit-with-parent', 'end when stdin ends', false);
  addConfigOptions(command).action(serve);
}

type ServeFlags = { register: StartupRegistration[]; exitWithParent: boolean } & Record<string, unknown>;

async function serve(flags: ServeFlags): Promise<void> {
  const config = loadConfig(configFlags(flags), process.env);
  const logger = createLogger(config.logLevel);
  const { signal, stopped } = awaitStopRequest(flags.exitWithParent);
  const postgres = await embeddedPostgresFor(config, logger, signal);
  try {
    const server = await startGatewayServer({
      config: postgres === undefined ? config : { ...config, pg: postgres.dsn },
      register: flags.register,
      version: packageVersion(),
      logger,
    });
    announceListening(server.url);
    await stopped;
    logger.info('shutting down');
    await server.close();
  } finally {
    await postgres?.stop();
  }
}

function embeddedPostgresFor(
  config: GatewayConfig,
  logger: Logger,
  signal: AbortSignal,
): Promise<EmbeddedPostgres | undefined> {
  if (config.pg !== undefined || config.storage === 'memory') return Promise.resolve(undefined);
  return startEmbeddedPostgres({ dataFolder: config.dataFolder, logger, signal });
}

function registration(text: string, given: StartupRegistration[]): StartupRegistration[] {
  const [, name, url] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url)) {
    throw new InvalidArgumentError('Write NAME=URL, for example lab=http://127.0.0.1:9000/mcp.');
  }
  return [...given, { name, url }];
}
