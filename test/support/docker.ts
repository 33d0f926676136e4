import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../../src/shared/clock.ts';
import { messageOf } from '../../src/shared/errors.ts';
import { findProgram, type Requirement } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

const execute = promisify(execFile);

/** A real Docker Engine of its own, which ends with the test and leaves nothing behind. */
export interface DockerEngine extends AsyncDisposable {
  /** Path of its Unix socket. The folder that it lies in has the name of the engine's control group. */
  readonly socket: string;
  /** Runs Debian's `docker` against it, e.g. `docker('stop', 'web')`; resolves to what it printed, without the line end. */
  docker(...args: string[]): Promise<string>;
  /**
   * Starts a container of the image with busybox, which has neither a registry nor a network behind it. `options` are
   * those of `docker run`, e.g. `['--cpus', '0.2', '--network', 'host']`; resolves to the container's id.
   */
  run(name: string, command: readonly string[], options?: readonly string[]): Promise<string>;
  /** As `run`, with this Node and everything it needs from this machine, this checkout among it, at the same paths. */
  runNode(name: string, args: readonly string[], options?: readonly string[]): Promise<string>;
}

/** The image that every engine has: busybox and nothing else. */
export const testImage = 'busybox-test';

/** What an engine of its own needs. Debian: `docker.io` and `busybox-static`. */
export const dockerRequirement = requireAll(
  process.getuid?.() === 0 ? { path: '/' } : { missing: 'the Docker Engine runs as root only' },
  findProgram('dockerd'),
  findProgram('docker'),
  // The one of the package busybox-static: the other needs libraries, which the image does not have.
  findProgram('busybox'),
);

const startBoundMs = 20_000;
const pollMs = 50;
const applets = ['sh', 'cat', 'dd', 'echo', 'sleep', 'wget', 'httpd', 'tail', 'yes'];
const checkout = join(import.meta.dirname, '..', '..');

/** Starts an engine with its data, its socket and its control groups apart from any other on this machine. */
export async function startDocker(): Promise<DockerEngine> {
  const folder = await temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  const socket = path('docker.sock');
  const group = basename(folder.path);
  const settings = {
    'data-root': path('data'),
    'exec-root': path('exec'),
    pidfile: path('pid'),
    host: `unix://${socket}`,
    'cgroup-parent': group,
    'shutdown-timeout': 1,
    'storage-driver': 'vfs',
    // No bridge and no rules of a firewall, so that nothing of this machine's network is changed.
    bridge: 'none',
    iptables: false,
    ip6tables: false,
  };
  const words = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const guard = spawn('/bin/sh', ['-c', guardScript, 'dockerd', socket, group, found('dockerd'), ...words], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let log = '';
  guard.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));

  async function docker(...args: string[]): Promise<string> {
    const { stdout } = await execute(found('docker'), ['--host', `unix://${socket}`, ...args]);
    return stdout.trimEnd();
  }

  async function stop(): Promise<void> {
    guard.stdin.end();
    await ended(guard);
    await folder[Symbol.asyncDispose]();
  }

  const run: DockerEngine['run'] = (name, command, options = []) => {
    const network = options.some((option) => option.startsWith('--network')) ? [] : ['--network', 'none'];
    return docker('run', '--detach', ...network, '--name', name, ...options, testImage, ...command);
  };

  try {
    await untilReady(guard, docker, () => log);
    await importImage(path('rootfs'), docker);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socket,
    docker,
    run,
    runNode: (name, args, options = []) =>
      run(
        name,
        [process.execPath, ...args],
        ['/lib', '/lib64', '/usr/lib', process.execPath, checkout]
          .flatMap((shared) => ['--volume', `${shared}:${shared}:ro`])
          .concat(options),
      ),
    [Symbol.asyncDispose]: stop,
  };
}

async function untilReady(
  guard: ChildProcess,
  docker: DockerEngine['docker'],
  log: () => string,
): Promise<void> {
  const deadline = performance.now() + startBoundMs;
  for (;;) {
    try {
      await docker('version');
      return;
    } catch (error) {
      if (performance.now() > deadline || guard.exitCode !== null) {
        throw new Error(`dockerd does not answer: ${messageOf(error)}; its log:\n${log()}`, { cause: error });
      }
      await sleep(pollMs);
    }
  }
}

async function importImage(root: string, docker: DockerEngine['docker']): Promise<void> {
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'tmp'));
  await copyFile(found('busybox'), join(root, 'bin', 'busybox'));
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
  const archive = `${root}.tar`;
  await execute('tar', ['--create', '--file', archive, '--directory', root, '.']);
  await docker('import', archive, testImage);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function found(name: string): string {
  const { path, missing } = findProgram(name);
  if (path === undefined) throw new Error(missing);
  return path;
}

function requireAll(...requirements: Requirement[]): Requirement {
  return requirements.find(({ missing }) => missing !== undefined) ?? { path: found('dockerd') };
}

/**
 * The engine does not notice that its parent is gone: a shell does, which waits for the end of its own stdin. It takes
 * away the containers, then the engine, then the mounts and the empty control groups of both.
 */
const guardScript = `
socket=$1 group=$2
shift 2
"$@" &
engine=$!
cat >/dev/null
containers=$(docker --host "unix://$socket" ps --all --quiet)
[ -z "$containers" ] || docker --host "unix://$socket" rm --force --volumes $containers >/dev/null
kill -TERM $engine
wait $engine
# The engine leaves the network namespace of containers that share this machine's mounted.
grep -o " $(dirname "$socket")/[^ ]*" /proc/self/mountinfo | xargs --no-run-if-empty umount
find /sys/fs/cgroup -depth -type d -path "*/$group*" -exec rmdir {} + 2>/dev/null
exit 0
`;
