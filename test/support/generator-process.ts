import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The pid of a load generator that the process `parent` has started. Throws when there is none. */
export async function generatorOf(parent: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,command=']);
  const generator = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, of, ...command]) => Number(of) === parent && command.join(' ').includes('/load/generator.'));
  if (generator === undefined) throw new Error('the process has no load generator');
  return Number(generator[0]);
}
