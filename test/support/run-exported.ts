import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readK6Point } from '../../src/lab/load/external/k6-points.ts';
import { K6Windows } from '../../src/lab/load/external/k6-windows.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import { gaugeway } from './command-line.ts';
import { findK6, runK6 } from './k6.ts';
import { parseCsv } from './locust-client.ts';
import { findProgram } from './requires.ts';
import type { Requirement } from './requires.ts';

/** The engines that scripts are exported for, as far as they are here. */
export const programs: Readonly<Record<Engine, Requirement>> = {
  locust: findProgram('locust'),
  k6: findK6(),
};

/** Requests and kinds of failure by request name, as an engine counted them. */
export type Counted = Record<string, { requests: number; failures: Record<string, number> }>;

export interface EngineRun {
  code: unknown;
  counted: Counted;
  output: string;
  /** The text of the script, and what the export said on stderr. */
  script: string;
  told: string;
}
export type Engine = 'locust' | 'k6';
type ScriptRun = Pick<EngineRun, 'code' | 'counted' | 'output'>;

/** Exports into `folder` with these options and runs the script for real. */
export async function runExported(
  engine: Engine,
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<EngineRun> {
  const path = join(folder, `export-${randomUUID()}.${engine === 'locust' ? 'py' : 'js'}`);
  const command = ['load', 'export', '--engine', engine, ...args, '--out', path];
  const { code, stdout, stderr: told } = await gaugeway(command, { env });
  if (code !== 0 || stdout !== '') throw new Error(`the export ended with ${code}: ${stdout}${told}`);
  const script = await readFile(path, 'utf8');
  const run = await (engine === 'locust' ? runLocustfile(path, args, env) : runScript(path, env));
  return { ...run, script, told };
}

async function runScript(script: string, env: Record<string, string>): Promise<ScriptRun> {
  const output = `${script}.json`;
  const run = await runK6(programs.k6.path ?? '', ['--out', `json=${output}`, script], env);
  const windows = new K6Windows(0);
  for (const line of (await readIfThere(output)).split('\n')) {
    const point = readK6Point(line);
    if (point !== undefined) windows.add(point);
  }
  const statistics = new LoadStatistics();
  for (const { sample, atMs } of windows.take(true)) statistics.add(sample, atMs);
  return { ...run, counted: countedBy(statistics.byName) };
}

async function runLocustfile(
  script: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<ScriptRun> {
  const users = args[args.indexOf('--users') + 1] ?? '1';
  const shaped = args.includes('--rate') || args.includes('--stages');
  const amount = shaped ? [] : ['--users', users, '--spawn-rate', users, '--run-time', '60s'];
  const prefix = `${script}-run`;
  const options = ['--locustfile', script, '--headless', '--only-summary', '--csv', prefix, ...amount];
  const ended = await promisify(execFile)(programs.locust.path ?? '', options, {
    env: { ...process.env, ...env },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = Object(error);
      return { code, output: `${stdout}${stderr}` };
    },
  );
  const table = async (name: string): Promise<string[][]> =>
    parseCsv(await readIfThere(`${prefix}_${name}.csv`));
  const counted: Counted = {};
  for (const [type = '', name = '', requests] of (await table('stats')).slice(1)) {
    if (name !== 'Aggregated') counted[ownName(type, name)] = { requests: Number(requests), failures: {} };
  }
  for (const [type = '', name = '', error = '', occurrences] of (await table('failures')).slice(1)) {
    const kind = /^CatchResponseError\('(.*)'\)$/.exec(error)?.[1] ?? error;
    Object.assign(counted[ownName(type, name)]?.failures ?? {}, { [kind]: Number(occurrences) });
  }
  return { ...ended, counted };
}

function ownName(type: string, name: string): string {
  return type === 'POST' && !name.startsWith('/') ? name : `${type} ${name}`;
}

/** Figures by request name, as our own engine has them. */
export function countedBy(
  rows: readonly { name: string; requests: number; failuresByKind: Record<string, number> }[],
): Counted {
  return Object.fromEntries(
    rows.map(({ name, requests, failuresByKind }) => [name, { requests, failures: failuresByKind }]),
  );
}

/** A script that ends before its test begins leaves no figures. */
function readIfThere(path: string): Promise<string> {
  return existsSync(path) ? readFile(path, 'utf8') : Promise.resolve('');
}
