import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { formatDurationMs } from '../../shared/duration.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { sourceMapsBelow } from '../profilers/node/source-maps.ts';
import { markProfile, v8LogFlags, v8LogMarks } from '../profilers/node/v8-log.ts';
import type { Recording } from './record.ts';

/**
 * The log that V8 keeps of a Node program that is started to be profiled, in a folder that `remove` takes away. V8
 * writes nothing to it while its profiler runs: the program has to warm up before.
 */
export class DeoptLog {
  readonly warmUpMs: number;
  readonly #folder: string;

  private constructor(folder: string, warmUpMs: number) {
    this.#folder = folder;
    this.warmUpMs = warmUpMs;
  }

  /** For a command that begins with `node`. Throws GaugewayError usage for any other. */
  static async prepare([command = '']: readonly string[], warmUpMs: number): Promise<DeoptLog> {
    if (basename(command) !== 'node') {
      throw new GaugewayError(
        'usage',
        `--deopts gives flags to Node, which no wrapper passes on: write -- node SCRIPT${command === '' ? '' : `, not ${command}`}`,
      );
    }
    return new DeoptLog(await mkdtemp(join(tmpdir(), 'gaugeway-v8-')), warmUpMs);
  }

  /** The command with V8's flags, before all others. */
  command([node = '', ...args]: readonly string[]): string[] {
    return [node, ...v8LogFlags(this.#folder), ...args];
  }

  /** The recording with the marks of its functions, once the program has ended and its log is whole. */
  async mark(recording: Recording): Promise<Recording> {
    const logged = await v8LogMarks(this.#folder);
    // The frames are where their functions were written by now; those that no map tells are where they run.
    const atSource = sourceMapsBelow('');
    const marks = { ...logged, functions: logged.functions.map(atSource) };
    const flags = `${v8LogFlags(this.#folder).join(' ')} `;
    const facts = [
      `Functions are marked by what V8 logged in the ${formatDurationMs(this.warmUpMs)} before it was profiled.`,
      ...(marks.truncated ? ["V8's log was longer than 512 MiB; what came after that is not marked."] : []),
    ];
    return {
      ...recording,
      facts: [...recording.facts, ...facts],
      processes: recording.processes.map((each) => ({
        ...each,
        // It is named as it was asked for.
        process: { ...each.process, command: each.process.command.replace(flags, '') },
        threads: each.threads.map(({ thread, profile }) => ({
          thread,
          profile: markProfile(profile, marks),
        })),
      })),
    };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
