import { frameFromLabel } from '../../profile/frame-from-label.ts';
import type { Profile } from '../../profile/profile.ts';
import { ProfileBuilder } from '../../profile/profile-builder.ts';

/** Stacks of one thread, or of all threads of one process. */
export interface PySpyPart {
  pid: number;
  /** Undefined when it holds all threads. */
  thread: string | undefined;
  profile: Profile;
}

/**
 * Below the processes that started it stands the thread, then its stack and a count. What stands before the thread are
 * command lines, which may hold any character, also the end of a line.
 */
const record = /([\s\S]*?)(?<=^|;)thread \((\d+|0x[\da-f]+)\)(?:: ([^;\n]*))?;(.*) (\d+)(?:\n|$)/gim;
const processFrame = /(?<=^|;)process (\d+):"/g;

/**
 * Reads what `py-spy record --format raw --threads` wrote. Command lines are dropped, as they may hold secrets. The
 * process itself comes first, its main thread before the others; `apart` keeps the threads of a process apart.
 */
export function readRaw(
  text: string,
  { pid, apart, startMs, endMs, intervalUs }: RawPlace & { pid: number; apart: boolean },
): PySpyPart[] {
  const parts = new Map<string, { pid: number; thread: string | undefined; builder: ProfileBuilder }>();
  for (const [, processes = '', id = '', name = '', stack = '', count = '0'] of text.matchAll(record)) {
    const owner = Number([...processes.matchAll(processFrame)].at(-1)?.[1] ?? pid);
    // Until Python has set up threads, the main one has no name.
    const thread = name || (Number(id) === owner ? mainThread : `thread ${id}`);
    const key = apart ? `${owner} ${thread}` : `${owner}`;
    let part = parts.get(key);
    if (part === undefined) {
      part = { pid: owner, thread: apart ? thread : undefined, builder: new ProfileBuilder(`pid ${owner}`) };
      parts.set(key, part);
    }
    part.builder.add(part.builder.stack(stack.split(';').map(frameFromLabel)), Number(count) * intervalUs);
  }
  const rank = (part: { pid: number; thread: string | undefined }): number =>
    (part.pid === pid ? 0 : 2) + (part.thread === undefined || part.thread === mainThread ? 0 : 1);
  return [...parts.values()]
    .toSorted((a, b) => rank(a) - rank(b) || a.pid - b.pid)
    .map(({ builder, ...part }) => ({
      ...part,
      profile: builder.build({
        unit: 'microseconds',
        order: 'none',
        interval: intervalUs,
        startMs,
        endMs,
      }),
    }));
}

/** What Python calls the thread that runs the program. */
export const mainThread = 'MainThread';

export interface RawPlace {
  startMs: number;
  endMs: number;
  intervalUs: number;
}
