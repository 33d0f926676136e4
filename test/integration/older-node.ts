import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Requirement } from '../support/requires.ts';

/** A Node on this machine that cannot run the sources: the first one older than 22.18. */
export function findOlderNode(): Requirement {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean),
    '/usr/bin',
    '/usr/local/bin',
  ];
  for (const folder of folders) {
    const path = join(folder, 'node');
    if (existsSync(path) && isOlder(path)) return { path };
  }
  return { missing: 'no Node older than 22.18 is installed' };
}

function isOlder(node: string): boolean {
  const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 18);
}
