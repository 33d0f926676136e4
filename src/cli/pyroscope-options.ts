import type { Command } from 'commander';
import type { AnalysedRun } from '../lab/analyse.ts';
import { pyroscopeServer, type PyroscopeServer } from '../lab/pyroscope/pyroscope-server.ts';
import { type PushedProfiles, pushProfiles } from '../lab/pyroscope/push-profiles.ts';
import { runSeries } from '../lab/pyroscope/run-series.ts';
import { GaugewayError } from '../shared/errors.ts';

export interface PyroscopeFlags {
  pyroscope?: string;
  pyroscopeName?: string;
  /** Also of commands whose load may go elsewhere. */
  allowRemote: boolean;
}

const usualName = 'gaugeway';

/** Of commands that can send their profiles to a Pyroscope server. `--allow-remote` belongs to it. */
export function addPyroscopeOptions(command: Command): void {
  command
    .option(
      '--pyroscope <url>',
      'push the profiles to the Pyroscope server there, e.g. http://localhost:4040',
    )
    .option(
      '--pyroscope-name <name>',
      `application that they are filed under (default: PYROSCOPE_APPLICATION_NAME, or ${usualName})`,
    );
}

/** For commands that have no such option yet. */
export function addAllowRemoteOption(command: Command): void {
  command.option('--allow-remote', 'push by plain http to a server outside of private networks, too', false);
}

/** What to know of the push, for the end of a help text. */
export const pyroscopeHelp =
  '\nCredentials for --pyroscope come from the environment: PYROSCOPE_AUTH_TOKEN, or PYROSCOPE_BASIC_AUTH_USER and' +
  '\nPYROSCOPE_BASIC_AUTH_PASSWORD; the tenant from PYROSCOPE_TENANT_ID.';

/** The server that the options name, judged; undefined without one. Throws GaugewayError usage, unavailable. */
export async function pyroscopeOf(flags: PyroscopeFlags): Promise<PyroscopeServer | undefined> {
  const { pyroscope: url, pyroscopeName: name, allowRemote } = flags;
  if (url === undefined) {
    if (name === undefined) return undefined;
    throw new GaugewayError('usage', '--pyroscope-name belongs to --pyroscope, which is missing');
  }
  const application = name ?? (process.env['PYROSCOPE_APPLICATION_NAME'] || usualName);
  return pyroscopeServer({ url, application, allowRemote, environment: process.env });
}

/** What was pushed, in a sentence. */
export function pushedLine({ to, application, profiles, bytes, empty }: PushedProfiles): string {
  const counted = `${profiles} ${profiles === 1 ? 'profile' : 'profiles'}`;
  const left = empty === 0 ? '' : `; ${empty} without work left out`;
  return `Pushed ${counted} (${Math.ceil(bytes / 1024)} KiB) to ${to} as ${application}${left}`;
}

/** Pushes the CPU profiles of a run, and says so in a sentence. Throws GaugewayError unavailable. */
export async function pushRun(
  server: PyroscopeServer,
  run: AnalysedRun,
  rateHz: number | undefined,
): Promise<string> {
  const series = await runSeries(run.folder, run.document.id);
  try {
    return pushedLine(
      await pushProfiles(server, series, { weight: 'cpu', ...(rateHz === undefined ? {} : { rateHz }) }),
    );
  } catch (cause) {
    if (!(cause instanceof GaugewayError)) throw cause;
    throw new GaugewayError(cause.code, `${cause.message}; all of the run is kept in ${run.folder}`, {
      cause,
    });
  }
}
