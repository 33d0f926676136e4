import { dirname, isAbsolute, resolve } from 'node:path';
import type { Frame, Profile } from '../../profile/profile.ts';
import { readBelow } from './read-below.ts';
import { isUrl, type OriginOf, parseScriptMap } from './script-map.ts';

/** Of a script, and of a map: a larger one is not worth the memory of whoever reads the profile. */
const mostBytes = 32 * 1024 * 1024;
/** Scripts that are looked at; those of the functions that were sampled are far fewer. */
const mostScripts = 500;

/** Where a function is, as a profile and V8's log tell it. */
type Place = Pick<Frame, 'name' | 'file' | 'line' | 'column'>;

/**
 * Gives the profiles of a running process the places that its functions were written at, as the source maps of its
 * scripts tell. Maps are read as the process sees its files, each once, and only from files and `data:` URLs. What has
 * no map that can be read stays as it is; so does what a map does not tell.
 */
export function processSourceMaps(pid: number): (profile: Profile) => Profile {
  const atSource = sourceMapsBelow(`/proc/${pid}/root`);
  return (profile) => {
    const frames = profile.frames.map(atSource);
    return frames.some((frame, at) => frame !== profile.frames[at]) ? { ...profile, frames } : profile;
  };
}

/** The same of single places, in scripts below the root directory of their process: empty for that of this one. */
export function sourceMapsBelow(root: string): <T extends Place>(place: T) => T {
  const maps = new Map<string, OriginOf | undefined>();
  const mapOf = (file: string): OriginOf | undefined => {
    if (!isAbsolute(file) || (!maps.has(file) && maps.size >= mostScripts)) return undefined;
    if (!maps.has(file)) maps.set(file, readMap(root, file));
    return maps.get(file);
  };
  return (place) => {
    const originOf = place.line === 0 ? undefined : mapOf(place.file);
    return originOf === undefined ? place : placeAtSource(place, originOf);
  };
}

function placeAtSource<T extends Place>(place: T, originOf: OriginOf): T {
  const row = place.line - 1;
  const column = Math.max(0, place.column - 1);
  const origin = originOf(row, column);
  if (origin === undefined) return place;
  return {
    ...place,
    name: functionName(place.name, originOf, row, column) ?? place.name,
    file: origin.originalSource,
    line: origin.originalLine + 1,
    column: origin.originalColumn + 1,
  };
}

/** V8 places a function at its parameters. Its name is what the map calls the word in front, as in `e(…)` and `e=(…)`. */
function functionName(name: string, originOf: OriginOf, row: number, column: number): string | undefined {
  for (const begins of [column - name.length, column - name.length - 1]) {
    const origin = begins < 0 ? undefined : originOf(row, begins);
    if (origin?.generatedLine === row && origin.generatedColumn === begins && origin.name) return origin.name;
  }
  return undefined;
}

function readMap(root: string, file: string): OriginOf | undefined {
  const script = readBelow(root, file, mostBytes);
  // The last one counts, and only a line of its own.
  const url = script && [...script.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1];
  if (!url) return undefined;
  const [, data] = /^data:application\/json[^,]*;base64,(.*)$/.exec(url) ?? [];
  if (data !== undefined) return parseScriptMap(Buffer.from(data, 'base64').toString(), file);
  if (isUrl.test(url) || isAbsolute(url)) return undefined;
  const path = resolve(dirname(file), url);
  const text = readBelow(root, path, mostBytes);
  return text === undefined ? undefined : parseScriptMap(text, path);
}
