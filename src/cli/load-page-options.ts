import { Option } from 'commander';
import type { Command } from 'commander';
import type { LoadPlan } from '../lab/load/load-plan.ts';
import { requireStrength } from '../lab/load/web/gatekeeper.ts';
import { startLoadServer } from '../lab/load/web/load-server.ts';
import type { LoadServer, LoadServerOptions } from '../lab/load/web/load-server.ts';
import { refuseOpenDoor } from '../lab/load/web/own-names.ts';
import { sleep } from '../shared/clock.ts';
import { formatDurationMs, longestTimerMs, parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { exitCodes } from './exit-codes.ts';
import { portNumber } from './upstream-fixture.ts';

export interface LoadPageFlags {
  ui: boolean;
  port: number;
  webPort?: number;
  webHost: string;
  webName: readonly string[];
  webBasePath: string;
  webLogin: boolean;
  webUser: string;
  webPassword?: string;
  webToken?: string;
  autostart: boolean;
  autoquit?: number;
}

/** The options of the load test page, by the names that Locust gives them. */
export function addLoadPageOptions(command: Command): void {
  command
    .option('--ui', 'serve a page to start, edit, watch and stop the load', false)
    .option('-P, --port <n>', 'port of that page; 0 takes a free one', portNumber, 8089)
    .addOption(new Option('--web-port <n>', 'the same as --port').argParser(portNumber).conflicts('port'))
    .option(
      '--web-host <address>',
      'address that the page listens on; another than this machine needs --web-login or --web-token',
      '127.0.0.1',
    )
    .addOption(
      new Option(
        '--web-name <name>',
        'a further host name of the page, repeatable, e.g. that of a proxy in front of it',
      )
        .argParser((name: string, before: readonly string[]) => [...before, name])
        .default([], 'none'),
    )
    .addOption(
      new Option('--web-base-path <path>', 'path before all paths of the page, e.g. /load')
        .argParser(basePath)
        .default('', 'none'),
    )
    .option('--web-login', 'ask who opens the page for --web-user and --web-password', false)
    .addOption(
      new Option('--web-user <name>', 'user of --web-login').env('GAUGEWAY_WEB_USER').default('admin'),
    )
    .addOption(
      new Option(
        '--web-password <text>',
        'password of --web-login, which it implies; in the environment nobody else sees it',
      ).env('GAUGEWAY_WEB_PASSWORD'),
    )
    .addOption(
      new Option(
        '--web-token <text>',
        'ask for this token, as Authorization: Bearer or X-Gaugeway-Token, or on the page',
      ).env('GAUGEWAY_WEB_TOKEN'),
    )
    .option('--autostart', 'begin the load at once, with the page beside it', false)
    .option('--autoquit <time>', 'with --autostart: end this long after the load has ended', parseWaitMs);
}

/** What the options say of the page. Throws GaugewayError usage for what does not fit together, or is not safe. */
export function pageSettingsOf(
  flags: LoadPageFlags,
): Pick<LoadServerOptions, 'port' | 'host' | 'names' | 'credentials' | 'basePath'> {
  if (flags.autostart && !flags.ui) {
    throw new GaugewayError('usage', '--autostart is for --ui: without a page the load begins by itself');
  }
  if (flags.autoquit !== undefined && !flags.autostart) {
    throw new GaugewayError('usage', '--autoquit needs --autostart');
  }
  const { webUser: user, webPassword: password, webToken: token } = flags;
  if (flags.webLogin && password === undefined) {
    throw new GaugewayError(
      'usage',
      '--web-login needs a password, in GAUGEWAY_WEB_PASSWORD or by --web-password',
    );
  }
  if (password !== undefined) requireStrength('--web-password', password);
  if (token !== undefined) requireStrength('--web-token', token);
  const credentials = {
    ...(password !== undefined ? { login: { user, password } } : {}),
    ...(token === undefined ? {} : { token }),
  };
  const reach = { host: flags.webHost, names: flags.webName };
  if (flags.ui) refuseOpenDoor(reach, credentials);
  return { port: flags.webPort ?? flags.port, ...reach, credentials, basePath: flags.webBasePath };
}

/** Serves the page until `signal`, or until the load has ended and `--autoquit` is over. */
export async function servePage(options: {
  plan: LoadPlan;
  /** What was said of it; the rest is up to the scenarios that are chosen. */
  model: Partial<Pick<LoadPlan, 'executor' | 'wait'>>;
  flags: LoadPageFlags & { allowRemote: boolean; runTime?: number; failOnError: boolean };
  logger: Logger;
  signal: AbortSignal;
}): Promise<void> {
  const { plan, model, flags, logger, signal } = options;
  const { executor: _executor, wait: _wait, ...rest } = plan;
  const server = await startLoadServer({
    ...pageSettingsOf(flags),
    defaults: { ...rest, ...model },
    defaultHost: plan.targetUrl.replace(/\/+$/, ''),
    ...(flags.runTime === undefined ? {} : { runTimeMs: flags.runTime }),
    allowRemote: flags.allowRemote,
    logger,
  });
  process.stderr.write(`load test page: ${server.url}/ (target ${plan.targetUrl}); Ctrl-C ends it\n`);
  try {
    if (flags.autostart) await startByItself(server, plan, flags.runTime);
    if (flags.autoquit === undefined) await sleep(longestTimerMs, signal);
    else await quitAfter(server, flags.autoquit, signal);
    if (flags.failOnError && server.test.statistics.total.failures > 0) process.exitCode = exitCodes.failure;
  } finally {
    await server.close();
  }
}

async function startByItself(
  { test }: LoadServer,
  plan: LoadPlan,
  runTimeMs: number | undefined,
): Promise<void> {
  const { users, spawnRate } = plan;
  await test.swarm({ users, spawnRate, settings: {}, ...(runTimeMs === undefined ? {} : { runTimeMs }) });
}

async function quitAfter({ test }: LoadServer, afterMs: number, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const look = (): void => {
    if (test.state === 'stopped') ended.abort();
  };
  test.onChange(look);
  look();
  await sleep(longestTimerMs, AbortSignal.any([signal, ended.signal]));
  if (signal.aborted) return;
  process.stderr.write(`the load has ended; the page is served for ${formatDurationMs(afterMs)} more\n`);
  await sleep(afterMs, signal);
}

/** Reads `/load`, `load` or `/load/`. Throws `usage`. */
function basePath(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, '');
  if (path === '') return '';
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(path)) throw new GaugewayError('usage', `not a path: '${text}'`);
  return `/${path}`;
}
