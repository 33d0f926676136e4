import { isAbsolute } from 'node:path';
import { pathFromUrl } from '../../profile/path-from-url.ts';
import type { SourceLine } from '../../profile/name-json-calls.ts';
import { readBelow } from './read-below.ts';

/** Longer scripts are bundles, whose lines say little. */
const mostBytes = 2 * 1024 * 1024;
/** Scripts that are read; those of the functions that were sampled are far fewer. */
const mostScripts = 500;

/**
 * The lines of the scripts of a running process, as it sees its files; each script is read once. A script that cannot be
 * read has no lines. Files that have changed since the process loaded them mislead only about their JSON.
 */
export function processSourceLines(pid: number): SourceLine {
  return sourceLinesBelow(`/proc/${pid}/root`, isAbsolute);
}

/**
 * The same of a recording in a file, of scripts that are on this machine. What the file names is not trusted: only what is
 * called as a script is read.
 */
export function localSourceLines(): SourceLine {
  return sourceLinesBelow('', (path) => isAbsolute(path) && /\.[cm]?[jt]s$/.test(path));
}

function sourceLinesBelow(root: string, isWanted: (path: string) => boolean): SourceLine {
  const scripts = new Map<string, string[]>();
  return (url, line) => {
    const path = pathFromUrl(url);
    if (!isWanted(path)) return undefined;
    const known = scripts.get(path);
    if (known !== undefined) return known[line - 1];
    if (scripts.size >= mostScripts) return undefined;
    const lines = readBelow(root, path, mostBytes)?.split('\n') ?? [];
    scripts.set(path, lines);
    return lines[line - 1];
  };
}
