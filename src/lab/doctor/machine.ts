import { availableParallelism, loadavg } from 'node:os';
import { procMissing, readProcFile } from '../../shared/proc-files.ts';
import { type Examination, info, ok, warn } from './check.ts';
import { openFileLimit } from './processes.ts';

/** A thousand users of a load need a socket each, and files of their own. */
const fewFiles = 4096;

/** What of this machine bounds a load and its measuring. */
export const examineMachine: Examination = async () => {
  if (procMissing() !== undefined)
    return [{ source: 'machine', check: 'processes', ...info(procMissing() ?? '') }];
  const files = openFileLimit(await readProcFile(process.pid, 'limits'));
  const cores = availableParallelism();
  const [load = 0] = loadavg();
  return [
    {
      source: 'machine',
      check: 'open files',
      ...(files < fewFiles
        ? warn(`${files}: a load of many users does not fit`, 'ulimit -n 65536')
        : ok(String(files))),
    },
    {
      source: 'machine',
      check: 'cores',
      ...(load > cores * 0.5
        ? warn(`${cores}, already busy: load average ${load.toFixed(1)}`, 'wait until the machine is quiet')
        : info(`${cores}; a load from here shares them with the stack`)),
    },
  ];
};
