import type Dockerode from 'dockerode';
import { engineFault } from '../../shared/engine-fault.ts';
import { isLoopbackHost } from '../../shared/loopback.ts';
import type { ProcessRole } from '../../shared/stack-description.ts';
import { errorCode } from '../../shared/system-error.ts';
import type { Sureness, Unreached } from './found.ts';
import { localProcesses, socketsOf } from './local-processes.ts';
import { signatureOfContainer } from './role-table.ts';

const boundMs = 3000;

/** A running container that is a part of a stack. */
export interface FoundContainer {
  id: string;
  name: string;
  image: string;
  /** Compose project, when it belongs to one. */
  project?: string;
  service: string;
  role: ProcessRole;
  what: string;
  sure: Sureness;
  /** Ports within it, with where this machine reaches them: a published port, or its own address. */
  ports: { inside: number; host: string; port: number }[];
  /** Of its first process, as the engine's machine has it. */
  pid: number;
  /** Whether it is in the network of the engine's machine: anybody there can listen on a port of it. */
  sharesNetwork: boolean;
  /** What it was started with; read for gateways and databases only. */
  environment: ReadonlyMap<string, string>;
}

export interface ContainerFindings {
  containers: FoundContainer[];
  /** Ids of all that run, also of other projects: their processes are not processes of this machine. */
  ids: string[];
  projects: string[];
  unreached: Unreached[];
  /** Whether an engine answered. */
  answered: boolean;
}

/** Asks the engine behind a Unix socket for what runs; `project` keeps those of one Compose project. */
export async function findContainers(
  socket: string,
  project: string | undefined,
): Promise<ContainerFindings> {
  const nothing = { containers: [], ids: [], projects: [], answered: false };
  const { default: Docker } = await import('dockerode');
  const engine = new Docker({ socketPath: socket, timeout: boundMs });
  let running: Dockerode.ContainerInfo[];
  try {
    running = await engine.listContainers();
  } catch (error) {
    // No engine on a machine is nothing that has to be told, unless somebody asks for a project.
    if (errorCode(error) === 'ENOENT' && project === undefined) return { ...nothing, unreached: [] };
    return { ...nothing, unreached: [{ what: `containers, ${socket}`, ...engineFault(error) }] };
  }
  const projects = [...new Set(running.flatMap(({ Labels }) => Labels[projectLabel] ?? []))].toSorted();
  const wanted = running.filter(({ Labels }) => project === undefined || Labels[projectLabel] === project);
  const containers: FoundContainer[] = [];
  for (const each of wanted) {
    const found = describe(each);
    if (found === undefined) continue;
    const { environment, pid, sharesNetwork } = await inspect(engine, each.Id);
    const ports = sharesNetwork ? await portsOfProcesses(each.Id, pid) : found.ports;
    const reads = found.role === 'gateway' || found.role === 'postgres';
    containers.push({ ...found, ports, pid, sharesNetwork, environment: reads ? environment : new Map() });
  }
  const unknown = project !== undefined && !projects.includes(project);
  return {
    containers,
    ids: running.map(({ Id }) => Id),
    projects,
    answered: true,
    unreached: unknown
      ? [
          {
            what: `Compose project ${project}`,
            why: `nothing of it runs; there ${projects.length === 0 ? 'is none' : `are ${projects.join(', ')}`}`,
          },
        ]
      : [],
  };
}

const projectLabel = 'com.docker.compose.project';
const serviceLabel = 'com.docker.compose.service';

function describe(
  info: Dockerode.ContainerInfo,
): Omit<FoundContainer, 'environment' | 'pid' | 'sharesNetwork'> | undefined {
  const name = (info.Names[0] ?? info.Id.slice(0, 12)).replace(/^\//, '');
  const service = info.Labels[serviceLabel] ?? name;
  const inside = [...new Set(info.Ports.map(({ PrivatePort }) => PrivatePort))];
  const signature = signatureOfContainer(info.Image, service, inside);
  if (signature === undefined) return undefined;
  const address = Object.values(info.NetworkSettings.Networks).find(({ IPAddress }) => IPAddress)?.IPAddress;
  const project = info.Labels[projectLabel];
  return {
    id: info.Id,
    name,
    image: info.Image,
    ...(project === undefined ? {} : { project }),
    service,
    role: signature.role,
    what: signature.what,
    sure: signature.byPort ? 'guess' : 'likely',
    ports: inside.flatMap((port) => {
      const published = info.Ports.find((each) => each.PrivatePort === port && each.PublicPort > 0);
      if (published !== undefined) return [{ inside: port, host: '127.0.0.1', port: published.PublicPort }];
      return address === undefined ? [] : [{ inside: port, host: address, port }];
    }),
  };
}

/** A container in the network of this machine publishes nothing: what its processes listen on is all there is. */
async function portsOfProcesses(id: string, first: number): Promise<FoundContainer['ports']> {
  const pids = (await localProcesses()).filter(({ containerId }) => containerId === id).map(({ pid }) => pid);
  const sockets = await Promise.all([...new Set([first, ...pids])].map(socketsOf));
  const own = sockets.flatMap((each) => each ?? []).filter(({ host }) => isLoopbackHost(host));
  return [...new Map(own.map(({ host, port }) => [port, { inside: port, host, port }])).values()];
}

async function inspect(
  engine: Dockerode,
  id: string,
): Promise<{ environment: ReadonlyMap<string, string>; pid: number; sharesNetwork: boolean }> {
  const { Config, State, HostConfig } = await engine.getContainer(id).inspect();
  // The engine says null where nothing is set, whatever its types say.
  const entries: readonly string[] | null = Config.Env;
  const environment = new Map(
    (entries ?? []).map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );
  return { environment, pid: State.Pid, sharesNetwork: HostConfig.NetworkMode === 'host' };
}
