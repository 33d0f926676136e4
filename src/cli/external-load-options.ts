import { Option } from 'commander';
import type { Command } from 'commander';
import { K6Driver } from '../lab/load/external/k6-driver.ts';
import { LocustDriver } from '../lab/load/external/locust-driver.ts';
import type { LoadDriver } from '../lab/load/load-driver.ts';
import { refuseRemote } from '../lab/load/refuse-remote.ts';
import { GaugewayError } from '../shared/errors.ts';
import type { ThresholdFlags } from './threshold-options.ts';

export interface ExternalLoadFlags extends Pick<ThresholdFlags, 'threshold'> {
  load?: ExternalLoad;
  loadStart: boolean;
  users: number;
  spawnRate?: number;
  target?: string;
  allowRemote: boolean;
}

/** A test that another tool drives: where to see it. */
type ExternalLoad = { engine: 'locust'; url: string } | { engine: 'k6'; file: string };

/** Options of our own engine that say what users do and when; another tool has its own way to say it. */
const ownOptions = [
  'scenario',
  'server',
  'era',
  'seed',
  'think',
  'constantPacing',
  'constantThroughput',
  'rate',
  'stages',
  'maxUsers',
  'userStages',
  'processes',
  'stopTimeout',
  'har',
  'fromOpenapi',
];
/** Users that a session starts per second, or has Locust start, where nobody says it. */
export const usualSpawnRate = 25;
/** Options that say something to another tool only when it is to start its test. */
const startOptions = { users: '--users', spawnRate: '--spawn-rate', baseline: '--baseline' };

/** The options by which a session observes a load instead of sending one. */
export function addExternalLoadOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--load <tool=place>',
        'observe a test that another tool drives: locust=URL of its page, or k6=FILE of its --out json (may be a FIFO)',
      )
        .argParser(externalLoad)
        .conflicts(ownOptions),
    )
    .option('--load-start', 'let Locust begin the test, with --users and --spawn-rate, and end it', false)
    .hook('preAction', () => {
      const flags = command.opts<ExternalLoadFlags>();
      if (flags.load === undefined) {
        if (flags.loadStart) throw usage('--load-start starts the test of --load, and there is none');
        return;
      }
      if (flags.loadStart && flags.load.engine === 'k6') {
        throw usage('--load-start starts a test of Locust; k6 begins when it is run');
      }
      if (flags.loadStart) return;
      for (const [name, option] of Object.entries(startOptions)) {
        if (command.getOptionValueSource(name) !== 'cli') continue;
        throw usage(`${option} is for a load that is started here; with --load it needs --load-start`);
      }
    });
}

/** Who drives the load instead of our own engine; undefined without --load. Throws GaugewayError usage. */
export function externalDriverOf(flags: ExternalLoadFlags): LoadDriver | undefined {
  const { load } = flags;
  if (load === undefined) return undefined;
  if (flags.target === undefined) {
    throw usage('--load observes a test of a stack that runs: say with --target where its gateway is');
  }
  if (load.engine === 'k6') return new K6Driver(load.file);
  refuseRemote(load.url, flags.allowRemote);
  const unknown = flags.threshold.find(({ metric }) => metric.kind === 'percentile' || metric.kind === 'max');
  if (unknown !== undefined) {
    throw usage(
      `threshold '${unknown.text}': Locust tells no percentile of a span of time (its API knows mean, error_rate and rps)`,
    );
  }
  const start = flags.loadStart
    ? { users: flags.users, spawnRate: flags.spawnRate ?? usualSpawnRate }
    : undefined;
  return new LocustDriver({ url: load.url, start });
}

function externalLoad(text: string): ExternalLoad {
  const [, engine, place] = /^(locust|k6)=(.+)$/s.exec(text) ?? [];
  if (engine === undefined || place === undefined) {
    throw usage(`--load takes locust=URL or k6=FILE, not '${text}'`);
  }
  if (engine === 'k6') return { engine, file: place };
  const url = URL.parse(place);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usage(`--load locust= takes the http or https URL of Locust's page, not '${place}'`);
  }
  return { engine: 'locust', url: place };
}

function usage(message: string): GaugewayError {
  return new GaugewayError('usage', message);
}
