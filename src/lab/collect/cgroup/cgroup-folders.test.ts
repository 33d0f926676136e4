import { expect, test } from 'vitest';
import { cgroupFolders } from './cgroup-folders.ts';

const version1Mounts = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
`;
const version2Mount = '42 31 0:39 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';

test('version 1 has a folder for each controller', () => {
  const { byController, unified } = cgroupFolders(
    '4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n',
    version1Mounts,
  );
  expect(byController.get('cpuacct')).toEqual({ mount: '/sys/fs/cgroup/cpu,cpuacct', path: '/docker/abc' });
  expect(byController.get('memory')).toEqual({ mount: '/sys/fs/cgroup/memory', path: '/docker/abc' });
  expect(unified).toBeUndefined();
});

test('version 2 has one for all', () => {
  const { byController, unified } = cgroupFolders('0::/system.slice/docker-abc.scope\n', version2Mount);
  expect(unified).toEqual({ mount: '/sys/fs/cgroup', path: '/system.slice/docker-abc.scope' });
  expect(byController.size).toBe(0);
});

test('a hybrid machine has both', () => {
  const mounts = version1Mounts + version2Mount.replace('/sys/fs/cgroup ', '/sys/fs/cgroup/unified ');
  const { byController, unified } = cgroupFolders('4:memory:/docker/abc\n0::/docker/abc\n', mounts);
  expect(byController.get('memory')?.mount).toBe('/sys/fs/cgroup/memory');
  expect(unified?.mount).toBe('/sys/fs/cgroup/unified');
});

test('inside a container the mount begins at its own group', () => {
  const mount = '42 31 0:39 /docker/abc /sys/fs/cgroup\\040here ro,nosuid - cgroup2 cgroup rw\n';
  const folderOf = (path: string): unknown => cgroupFolders(`0::${path}\n`, mount).unified;
  expect(folderOf('/docker/abc')).toEqual({ mount: '/sys/fs/cgroup here', path: '/' });
  expect(folderOf('/docker/abc/worker')).toEqual({ mount: '/sys/fs/cgroup here', path: '/worker' });
  expect(folderOf('/docker/abcd')).toBeUndefined();
  expect(folderOf('/../other')).toBeUndefined();
});

test('nothing is mounted, nothing is found', () => {
  expect(cgroupFolders('0::/x\n3:cpu:/x\n', '')).toEqual({ byController: new Map(), unified: undefined });
});
