import { spawnSync } from 'node:child_process';

/**
 * The version that a program tells of itself, e.g. `4.1.0`. Undefined where it tells none, as Debian's Locust does.
 * The exit code says nothing: that of `wrk -v` is 1.
 */
export function versionOf(program: string, flag: string): string | undefined {
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8', timeout: 20_000 });
  return /\d+\.\d+(\.\d+)*/.exec(`${stdout}${stderr}`)?.[0];
}
