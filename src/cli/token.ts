import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.ts';
import { mintToken } from '../gateway/policy/mint-token.ts';
import { nowMs } from '../shared/clock.ts';
import { parseDurationMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { addConfigOptions, configFlags } from './config-options.ts';

/** `gaugeway token`: prints a bearer token. */
export function registerToken(program: Command): void {
  const command = program
    .command('token')
    .summary('mint a bearer token for the gateway')
    .description('Prints a bearer token signed with JWT_SECRET_KEY.')
    .option('--sub <subject>', 'whom the token is for', 'admin')
    .option('--exp <time>', 'how long it is valid', parseDurationMs, 3_600_000);
  addConfigOptions(command, ['jwtSecret', 'jwtAudience', 'jwtIssuer']).action(printToken);
}

async function printToken(flags: { sub: string; exp: number } & Record<string, unknown>): Promise<void> {
  if (flags.sub === '') throw new GaugewayError('usage', '--sub must not be empty');
  const config = loadConfig(configFlags(flags), process.env);
  if (config.jwtSecret === undefined) {
    throw new GaugewayError('config_invalid', 'JWT_SECRET_KEY is not set: give it the secret of the gateway');
  }
  const lifetimeS = Math.floor(flags.exp / 1000);
  if (lifetimeS < 1) throw new GaugewayError('usage', '--exp must be at least one second');
  const token = await mintToken({
    secret: config.jwtSecret,
    audience: config.jwtAudience,
    issuer: config.jwtIssuer,
    subject: flags.sub,
    lifetimeS,
    nowMs: nowMs(),
  });
  process.stdout.write(`${token}\n`);
}
