import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';

describe.skipIf(dockerRequirement.missing)(title("the tests' own Docker Engine", dockerRequirement), () => {
  test('runs containers of busybox and of Node, and leaves nothing behind', { timeout: 60_000 }, async () => {
    const devices = networkDevices();
    let group: string;
    {
      await using engine = await startDocker();
      group = basename(dirname(engine.socket));
      await engine.run('box', ['sh', '-c', 'echo hello; sleep 600']);
      await engine.run('shared', ['sleep', '600'], ['--network', 'host']);
      await engine.runNode('node', ['-e', 'console.log(process.version); setInterval(() => {}, 1000)']);
      await expect.poll(() => engine.docker('logs', 'box')).toBe('hello');
      await expect.poll(() => engine.docker('logs', 'node')).toBe(process.version);
      expect(await traces(group)).not.toEqual({ mounts: [], groups: [] });
    }
    expect(await traces(group)).toEqual({ mounts: [], groups: [] });
    expect(networkDevices()).toEqual(devices);
  });
});

/** Mounts and control groups of an engine. */
async function traces(group: string): Promise<{ mounts: string[]; groups: string[] }> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return {
    mounts: mounts.filter((line) => line.includes(group)),
    groups: globSync(`/sys/fs/cgroup/**/${group}`),
  };
}

function networkDevices(): string[] {
  return globSync('/sys/class/net/*').toSorted();
}
