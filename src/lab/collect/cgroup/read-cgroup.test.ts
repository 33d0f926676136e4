import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CgroupReading, readCgroup } from './read-cgroup.ts';

/** Files as the kernel writes them, in a folder of the test's own: both versions can be read on any machine. */
let mount: string;
beforeEach(async () => {
  mount = await mkdtemp(join(tmpdir(), 'gaugeway-test-'));
});
afterEach(() => rm(mount, { recursive: true, force: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(mount, name)), { recursive: true });
    await writeFile(join(mount, name), text);
  }
}

function readVersion2(path = '/docker/abc'): Promise<CgroupReading> {
  return readCgroup({ byController: new Map(), unified: { mount, path } });
}

describe('version 2', () => {
  test('tells what a group uses and what holds it back', async () => {
    await write({
      'docker/abc/cpu.stat':
        'usage_usec 5000000\nuser_usec 4000000\nnr_periods 42\nnr_throttled 25\nthrottled_usec 1500000\n',
      'docker/abc/cpu.max': '50000 100000\n',
      'docker/abc/memory.current': '104857600\n',
      'docker/abc/memory.stat': 'anon 52428800\ninactive_file 4857600\nactive_file 100\n',
      'docker/abc/memory.max': '209715200\n',
      'docker/abc/memory.events': 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\n',
      'docker/abc/pids.current': '7\n',
      'docker/abc/io.stat':
        '8:0 rbytes=1000 wbytes=20 rios=3 wios=1 dbytes=0 dios=0\n8:16 rbytes=500 wbytes=5 rios=1 wios=1\n',
      'docker/abc/cpu.pressure':
        'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
      'docker/abc/memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n',
      'docker/abc/io.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=7000\n',
    });
    expect(await readVersion2()).toEqual({
      cpuMs: 5000,
      cpuLimitCores: 0.5,
      throttling: { periods: 42, throttledPeriods: 25, throttledMs: 1500 },
      memoryBytes: 100_000_000,
      memoryLimitBytes: 209_715_200,
      oomKills: 1,
      pids: 7,
      block: { readBytes: 1500, writtenBytes: 25 },
      pressure: { cpuStalledMs: 2500, memoryStalledMs: 1, ioStalledMs: 7 },
    });
  });

  test('holds a group to the tightest limit above it, with that group’s own throttling', async () => {
    await write({
      'pod/cpu.max': '20000 100000\n',
      'pod/cpu.stat': 'usage_usec 9\nnr_periods 10\nnr_throttled 9\nthrottled_usec 900000\n',
      'pod/memory.max': '1000000\n',
      'pod/abc/cpu.max': 'max 100000\n',
      'pod/abc/cpu.stat': 'usage_usec 5\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n',
      'pod/abc/memory.max': 'max\n',
    });
    expect(await readVersion2('/pod/abc')).toMatchObject({
      cpuLimitCores: 0.2,
      throttling: { periods: 10, throttledPeriods: 9, throttledMs: 900 },
      memoryLimitBytes: 1_000_000,
    });
  });

  test('a group without limits has none, and one that is gone has nothing', async () => {
    await write({ 'a/cpu.max': 'max 100000\n', 'a/memory.max': 'max\n', 'a/cpu.stat': 'usage_usec 1000\n' });
    const free = { cpuLimitCores: null, throttling: null, memoryLimitBytes: null };
    expect(await readVersion2('/a')).toMatchObject({ ...free, cpuMs: 1 });
    expect(await readVersion2('/gone')).toMatchObject({
      ...free,
      cpuMs: null,
      memoryBytes: null,
      pressure: null,
    });
  });
});

test('version 1 tells the same under its own names', async () => {
  await write({
    'cpu/docker/abc/cpu.cfs_quota_us': '20000\n',
    'cpu/docker/abc/cpu.cfs_period_us': '100000\n',
    'cpu/docker/abc/cpu.stat': 'nr_periods 22\nnr_throttled 21\nthrottled_time 1556913008\n',
    'cpu/docker/cpu.cfs_quota_us': '-1\n',
    'cpu/docker/cpu.cfs_period_us': '100000\n',
    'cpuacct/docker/abc/cpuacct.usage': '456034952\n',
    'memory/docker/abc/memory.usage_in_bytes': '540672\n',
    'memory/docker/abc/memory.stat':
      'inactive_file 0\nhierarchical_memory_limit 9223372036854771712\ntotal_inactive_file 40672\n',
    'memory/docker/abc/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
    'pids/docker/abc/pids.current': '2\n',
    'blkio/docker/abc/blkio.throttle.io_service_bytes_recursive':
      '8:0 Read 4096\n8:0 Write 512\n8:0 Sync 4608\n8:0 Total 4608\n8:16 Read 4\nTotal 4612\n',
  });
  const controllers = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'];
  const byController = new Map(
    controllers.map((name) => [name, { mount: join(mount, name), path: '/docker/abc' }]),
  );
  expect(await readCgroup({ byController, unified: undefined })).toEqual({
    cpuMs: 456.034952,
    cpuLimitCores: 0.2,
    throttling: { periods: 22, throttledPeriods: 21, throttledMs: 1556.913008 },
    memoryBytes: 500_000,
    memoryLimitBytes: null,
    oomKills: 3,
    pids: 2,
    block: { readBytes: 4100, writtenBytes: 512 },
    pressure: null,
  });
});
