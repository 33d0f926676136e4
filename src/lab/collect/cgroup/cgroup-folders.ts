/** Where the control group of a process lies in one hierarchy. */
export interface GroupPlace {
  /** Where the hierarchy is mounted. */
  mount: string;
  /** Of the group below the mount, with a leading slash; `/` is the root group. */
  path: string;
}

/** The groups that a process is in: by controller in version 1, one for all in version 2, both on hybrid machines. */
export interface CgroupFolders {
  /** Version 1: `cpu`, `cpuacct`, `memory`, `pids`, `blkio` and so on. */
  byController: ReadonlyMap<string, GroupPlace>;
  /** Version 2; on a hybrid machine it has no controllers, but tells pressure. */
  unified: GroupPlace | undefined;
}

interface Mount {
  point: string;
  /** The group that is mounted; not `/` inside a container. */
  root: string;
  /** Of version 1; undefined for version 2. */
  controllers: string[] | undefined;
}

/**
 * From `/proc/PID/cgroup` of a process (cgroups(7)) and our own `/proc/self/mountinfo` (proc_pid_mountinfo(5)). A group
 * that is not mounted here, as that of another container, is left out.
 */
export function cgroupFolders(cgroupText: string, mountinfoText: string): CgroupFolders {
  const mounts = mountinfoText.split('\n').flatMap(parseMount);
  const byController = new Map<string, GroupPlace>();
  let unified: GroupPlace | undefined;
  for (const line of cgroupText.split('\n')) {
    const [, hierarchy, controllers = '', path = ''] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (hierarchy === undefined) continue;
    if (controllers === '') {
      unified = placeIn(
        mounts.filter((mount) => mount.controllers === undefined),
        path,
      );
      continue;
    }
    for (const controller of controllers.split(',')) {
      const place = placeIn(
        mounts.filter((mount) => mount.controllers?.includes(controller)),
        path,
      );
      if (place !== undefined) byController.set(controller, place);
    }
  }
  return { byController, unified };
}

function placeIn(mounts: readonly Mount[], path: string): GroupPlace | undefined {
  // `/..` is a group outside of our namespace.
  if (path.split('/').includes('..')) return undefined;
  for (const { point, root } of mounts) {
    if (root === '/') return { mount: point, path };
    if (path === root || path.startsWith(`${root}/`)) {
      return { mount: point, path: path.slice(root.length) || '/' };
    }
  }
  return undefined;
}

function parseMount(line: string): Mount[] {
  const [fields, rest] = line.split(' - ');
  const [, , , root, point] = fields?.split(' ') ?? [];
  const [type, , options] = rest?.split(' ') ?? [];
  if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
  return [
    {
      point: unescape(point),
      root: unescape(root),
      controllers: type === 'cgroup' ? (options ?? '').split(',') : undefined,
    },
  ];
}

/** The kernel writes spaces and the like as octal numbers. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}
