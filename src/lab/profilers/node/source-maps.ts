import { readFileSync, statSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { pathFromUrl } from '../../profile/path-from-url.ts';
import type { Frame, Profile } from '../../profile/profile.ts';

/** Of a script, and of a map: a larger one is not worth the memory of whoever reads the profile. */
const mostBytes = 32 * 1024 * 1024;
/** Scripts that are looked at; those of the functions that were sampled are far fewer. */
const mostScripts = 500;
const isUrl = /^[a-z][\w+.-]*:/i;
const originSchema = z.object({
  generatedLine: z.number(),
  generatedColumn: z.number(),
  originalSource: z.string(),
  originalLine: z.number(),
  originalColumn: z.number(),
  name: z.string().optional(),
});
const mapSchema = z.object({
  version: z.literal(3),
  sources: z.array(z.string()),
  names: z.array(z.string()).default([]),
  mappings: z.string(),
  sourceRoot: z.string().nullish(),
});

/**
 * Gives the profiles of a running process the places that its functions were written at, as the source maps of its
 * scripts tell. Maps are read as the process sees its files, each once, and only from files and `data:` URLs. What has
 * no map that can be read stays as it is; so does what a map does not tell.
 */
export function processSourceMaps(pid: number): (profile: Profile) => Profile {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (file: string): SourceMap | undefined => {
    if (!isAbsolute(file) || (!maps.has(file) && maps.size >= mostScripts)) return undefined;
    if (!maps.has(file)) maps.set(file, readMap(`/proc/${pid}/root`, file));
    return maps.get(file);
  };
  return (profile) => {
    const frames = profile.frames.map((frame) => {
      const map = frame.line === 0 ? undefined : mapOf(frame.file);
      return map === undefined ? frame : frameAtSource(frame, map);
    });
    return frames.some((frame, at) => frame !== profile.frames[at]) ? { ...profile, frames } : profile;
  };
}

function frameAtSource(frame: Frame, map: SourceMap): Frame {
  const row = frame.line - 1;
  const column = Math.max(0, frame.column - 1);
  const found = originSchema.safeParse(map.findEntry(row, column));
  if (!found.success) return frame;
  const { originalSource, originalLine, originalColumn } = found.data;
  return {
    ...frame,
    name: functionName(frame.name, map, row, column) ?? frame.name,
    file: originalSource,
    line: originalLine + 1,
    column: originalColumn + 1,
  };
}

/** V8 places a function at its parameters. Its name is what the map calls the word in front, as in `e(…)` and `e=(…)`. */
function functionName(name: string, map: SourceMap, row: number, column: number): string | undefined {
  for (const begins of [column - name.length, column - name.length - 1]) {
    const { data } = originSchema.safeParse(begins < 0 ? {} : map.findEntry(row, begins));
    if (data?.generatedLine === row && data.generatedColumn === begins && data.name) return data.name;
  }
  return undefined;
}

function readMap(root: string, file: string): SourceMap | undefined {
  const script = readBounded(root + file);
  // The last one counts, and only a line of its own.
  const url = script && [...script.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1];
  if (!url) return undefined;
  const [, data] = /^data:application\/json[^,]*;base64,(.*)$/.exec(url) ?? [];
  if (data !== undefined) return parseMap(Buffer.from(data, 'base64').toString(), file);
  if (isUrl.test(url) || isAbsolute(url)) return undefined;
  const path = resolve(dirname(file), url);
  const text = readBounded(root + path);
  return text === undefined ? undefined : parseMap(text, path);
}

function parseMap(text: string, path: string): SourceMap | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = mapSchema.safeParse(read);
  if (!parsed.success) return undefined;
  const { sourceRoot, sources, ...map } = parsed.data;
  const named = sources.map((source) => sourcePath(dirname(path), sourceRoot ?? '', source));
  return new SourceMap({ ...map, file: path, sources: named, sourcesContent: [], sourceRoot: '' });
}

/** Bundlers also name sources by URLs of their own, e.g. `webpack://app/src/a.ts`, which stay. */
function sourcePath(folder: string, root: string, source: string): string {
  const path = pathFromUrl(isUrl.test(root) ? root + source : source);
  return isUrl.test(path) ? path : resolve(folder, isUrl.test(root) ? '' : root, path);
}

function readBounded(path: string): string | undefined {
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= mostBytes ? readFileSync(path, 'utf8') : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
