import { frameKey } from './merge-profiles.ts';
import type { Frame, Profile } from './profile.ts';

/**
 * What a function is known by in another build: its name and the last two parts of its file. Its line is left out, as
 * every edit above it moves it, and so is the folder that the build lies in. Functions without a name count together by
 * file.
 */
export function functionKey({ name, file }: Pick<Frame, 'name' | 'file'>): string {
  const place = file.startsWith('node:') ? file : file.split(/[/\\]/).slice(-2).join('/');
  return `${name}\n${place}`;
}

/**
 * `before` with the frames that only moved, in their file or with it, given the place that they have in `after`, so
 * that their stacks lie over each other. Only where the name is the same, and one frame on either side has it.
 */
export function placeAsIn(before: Profile, after: Profile): Profile {
  const exact = new Set(after.frames.map(frameKey));
  const target = onlyByFunction(after.frames);
  const source = onlyByFunction(before.frames);
  return {
    ...before,
    frames: before.frames.map((frame) => {
      const key = functionKey(frame);
      const moved = target.get(key);
      return exact.has(frameKey(frame)) || source.get(key) !== frame || moved === undefined ? frame : moved;
    }),
  };
}

function onlyByFunction(frames: readonly Frame[]): Map<string, Frame | undefined> {
  const only = new Map<string, Frame | undefined>();
  for (const frame of frames) {
    const key = functionKey(frame);
    only.set(key, only.has(key) ? undefined : frame);
  }
  return only;
}
