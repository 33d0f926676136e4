import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { startUpstreamFixture } from '../stack/upstream-fixture.ts';
import { announceListening, awaitStopRequest } from './stop-request.ts';

interface UpstreamFixtureFlags {
  port: number;
  host: string;
  delay: number;
  exitWithParent: boolean;
}

/** `gaugeway upstream-fixture`: the sample MCP server as a process. */
export function registerUpstreamFixture(program: Command): void {
  program
    .command('upstream-fixture')
    .summary('a fast sample MCP server, to try things with')
    .description(
      'Serves MCP over Streamable HTTP with the tools echo, get_system_time, convert_time, slow and fail.',
    )
    .option('--host <address>', 'address to bind', '127.0.0.1')
    .option('--port <number>', 'TCP port; 0 takes a free one', portNumber, 9000)
    .option('--delay <time>', 'makes every call that much slower', parseWaitMs, 0)
    .option('--exit-with-parent', 'end when stdin ends', false)
    .action(serveUpstreamFixture);
}

async function serveUpstreamFixture(flags: UpstreamFixtureFlags): Promise<void> {
  const { stopped } = awaitStopRequest(flags.exitWithParent);
  const fixture = await startUpstreamFixture({
    port: flags.port,
    host: flags.host,
    delayMs: flags.delay,
  }).catch((error: unknown) => {
    const where = `${flags.host}:${flags.port}`;
    throw new GaugewayError('usage', `cannot listen at ${where}: ${messageOf(error)}`, { cause: error });
  });
  announceListening(fixture.url);
  await stopped;
  await fixture.close();
}

/** Reads a port of an option. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is 0 to 65535.');
  return port;
}
