import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../../src/shared/clock.ts';
import { findProgram, findProgramIn, type Requirement } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A real journal of its own, which `journalctl` of this process and its children reads instead of the machine's. */
export interface Journal extends AsyncDisposable {
  /** Writes an entry of a unit with a priority of syslog (3 is an error, 6 an information). */
  write(unit: string, message: string, priority: number): Promise<void>;
}

const journalctl = findProgram('journalctl');
const writer = findProgramIn(['/usr/lib/systemd', '/lib/systemd'], 'systemd-journal-remote');

/** Debian: `systemd` and `systemd-journal-remote`. */
export const journalRequirement: Requirement = journalctl.missing === undefined ? writer : journalctl;

const execute = promisify(execFile);
const pollMs = 20;
const machine = '0123456789abcdef0123456789abcdef';

/** Starts what writes the journal: systemd itself, which tells a unit by its control group, need not run. */
export async function startJournal(): Promise<Journal> {
  const folder = await temporaryFolder();
  const [files, programs] = [join(folder.path, 'journal'), join(folder.path, 'bin')];
  await mkdir(files);
  await mkdir(programs);
  const reader = join(programs, 'journalctl');
  await writeFile(reader, `#!/bin/sh\nexec ${journalctl.path} --directory=${files} "$@"\n`);
  await chmod(reader, 0o755);
  const path = process.env['PATH'] ?? '';
  process.env['PATH'] = `${programs}${delimiter}${path}`;
  const child = spawn(writer.path ?? '', [`--output=${join(files, 'remote.journal')}`, '--seal=no', '-'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  let sequence = 0;
  return {
    async write(unit, message, priority) {
      sequence += 1;
      const fields = {
        __REALTIME_TIMESTAMP: String(Date.now() * 1000),
        __MONOTONIC_TIMESTAMP: String(sequence * 1000),
        _BOOT_ID: machine,
        _MACHINE_ID: machine,
        MESSAGE: message,
        PRIORITY: String(priority),
        _SYSTEMD_UNIT: unit,
        _PID: '12',
      };
      const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}\n`);
      child.stdin.write(`${lines.join('')}\n`);
      while (!(await isWritten(reader, message))) await sleep(pollMs);
    },
    async [Symbol.asyncDispose]() {
      process.env['PATH'] = path;
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function isWritten(reader: string, message: string): Promise<boolean> {
  const { stdout } = await execute(reader, ['--output=cat', '--quiet', '--lines=5']);
  return stdout.split('\n').includes(message);
}
