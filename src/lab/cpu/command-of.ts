import { basename } from 'node:path';
import { maskCommand } from '../../shared/mask-command.ts';
import { readProcFile } from '../../shared/proc-files.ts';

/**
 * What runs in a process as one short line: the program without its folder, then its words. Secrets are masked. Throws
 * as {@link readProcFile} does.
 */
export async function commandOf(pid: number): Promise<string> {
  const words = (await readProcFile(pid, 'cmdline')).split('\0').filter((word) => word !== '');
  const [program = `pid ${pid}`, ...rest] = words;
  // A server that names its processes (`postgres: checkpointer`, `nginx: worker process`) is no path.
  const name = program.includes(' ') ? program : basename(program);
  return maskCommand([name, ...rest]).slice(0, longestCommand);
}

const longestCommand = 400;
