import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { pathFromUrl } from '../../profile/path-from-url.ts';

/** Where a place of a script was written; lines and columns count from 0, as in maps. */
export interface Origin {
  /** Of the entry that tells it: the last one at or before the place. */
  generatedLine: number;
  generatedColumn: number;
  originalSource: string;
  originalLine: number;
  originalColumn: number;
  /** What the entry calls the word that is there. */
  name?: string | undefined;
}

/** The origin of a place of one script; undefined where its map tells none. */
export type OriginOf = (line: number, column: number) => Origin | undefined;

interface Section {
  line: number;
  column: number;
  map: SourceMap;
}

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
/** Of what was put together from scripts that have maps of their own (ECMA-426, "index map"). */
const indexSchema = z.object({
  version: z.literal(3),
  sections: z.array(z.object({ offset: z.object({ line: z.number(), column: z.number() }), map: mapSchema })),
});
/** Of a script or a source: has a scheme, and is no path. */
export const isUrl = /^[a-z][\w+.-]*:/i;

/**
 * Reads a source map of version 3, also one that consists of sections. `path` is where it is, or the script that it is
 * in: sources are found from there. Undefined for what is no such map.
 */
export function parseScriptMap(text: string, path: string): OriginOf | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const index = indexSchema.safeParse(read);
  if (index.success) {
    return originIn(index.data.sections.map(({ offset, map }) => ({ ...offset, map: sourceMap(map, path) })));
  }
  const map = mapSchema.safeParse(read);
  return map.success ? originIn([{ line: 0, column: 0, map: sourceMap(map.data, path) }]) : undefined;
}

function originIn(sections: readonly Section[]): OriginOf {
  return (line, column) => {
    const section = sections.findLast(
      (each) => each.line < line || (each.line === line && each.column <= column),
    );
    if (section === undefined) return undefined;
    const { map, line: first, column: begin } = section;
    const found = originSchema.safeParse(
      map.findEntry(line - first, line === first ? column - begin : column),
    );
    if (!found.success) return undefined;
    const { generatedLine, generatedColumn } = found.data;
    return {
      ...found.data,
      generatedLine: first + generatedLine,
      generatedColumn: generatedLine === 0 ? begin + generatedColumn : generatedColumn,
    };
  };
}

function sourceMap({ sourceRoot, sources, ...map }: z.infer<typeof mapSchema>, path: string): SourceMap {
  const named = sources.map((source) => sourcePath(dirname(path), sourceRoot ?? '', source));
  return new SourceMap({ ...map, file: path, sources: named, sourcesContent: [], sourceRoot: '' });
}

/** Bundlers also name sources by URLs of their own, e.g. `webpack://app/src/a.ts`, which stay. */
function sourcePath(folder: string, root: string, source: string): string {
  const path = pathFromUrl(isUrl.test(root) ? root + source : source);
  return isUrl.test(path) ? path : resolve(folder, isUrl.test(root) ? '' : root, path);
}
