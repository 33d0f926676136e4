import { engineFault } from '../../shared/engine-fault.ts';
import { outsideMessage } from '../../shared/outside-error.ts';
import { procMissing, readProcFile } from '../../shared/proc-files.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { type CheckResult, type Examination, fail, info, ok, warn } from './check.ts';

const boundMs = 3000;
/** The first with `one-shot`, without which a single look at the counters takes two seconds. */
const wantedApi = 1.41;
/** What `docker logs` can give back. */
const readableLogDrivers = ['json-file', 'local', 'journald', 'k8s-file'];

/** Asks the engine for its version and for the containers that the stack names. */
export const examineContainers: Examination = async ({ containers, containerSocket, logs }) => {
  const logged = logs.flatMap(({ from }) => ('container' in from ? [from.container] : []));
  const names = [...new Set([...containers.map(({ name }) => name), ...logged])];
  if (names.length === 0 || containerSocket === undefined) return [];
  const { default: Docker } = await import('dockerode');
  const engine = new Docker({ socketPath: containerSocket, timeout: boundMs });
  const source = 'containers';
  let api: number;
  try {
    api = Number((await engine.version()).ApiVersion);
  } catch (error) {
    const { why, remedy } = engineFault(error);
    return [
      {
        source,
        check: 'socket',
        ...fail(`${containerSocket}: ${why}`, ...(remedy === undefined ? [] : [remedy])),
      },
    ];
  }
  const results: CheckResult[] = [
    {
      source,
      check: 'engine',
      ...(api >= wantedApi
        ? ok(`API ${api}`)
        : warn(`API ${api} is older than ${wantedApi}: each look takes two seconds`)),
    },
  ];
  for (const name of names) {
    try {
      const { State, HostConfig } = await engine.getContainer(name).inspect();
      const state = State.Running ? ok('it runs') : fail(`it is ${State.Status}`, `docker start ${name}`);
      results.push({ source: name, check: 'runs', ...state });
      if (State.Running)
        results.push({ source: name, check: 'control group', ...(await controlGroup(State.Pid)) });
      const driver = HostConfig.LogConfig?.Type;
      if (logged.includes(name) && driver !== undefined && !readableLogDrivers.includes(driver)) {
        results.push({
          source: name,
          check: 'log',
          ...fail(`its log driver ${driver} gives nothing back`, 'docker run --log-driver json-file …'),
        });
      }
    } catch (error) {
      results.push({ source: name, check: 'runs', ...fail(outsideMessage(error).trim(), 'docker ps --all') });
    }
  }
  return results;
};

/** Its limits and its throttling are read from there, where that is on this machine. */
async function controlGroup(pid: number): Promise<ReturnType<typeof ok>> {
  if (procMissing() !== undefined)
    return info('it is on another machine: the counters of the engine are used');
  try {
    await readProcFile(pid, 'cgroup');
    return ok('it can be read');
  } catch (error) {
    if (!(error instanceof GaugewayError)) throw error;
    return info('it is not of this machine: the counters of the engine are used');
  }
}
