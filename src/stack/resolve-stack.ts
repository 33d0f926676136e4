import type { StackFile } from '../config/stack-file.ts';
import type { StackSources } from '../shared/stack-description.ts';
import { findProcesses } from './find-processes.ts';

/** Where the engine listens when nobody says: what `docker` itself takes, and the path that both engines use. */
export function defaultContainerSocket(env: Readonly<NodeJS.ProcessEnv>): string {
  const host = env['DOCKER_HOST'];
  return host?.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}

/**
 * The sources that a stack file names, with its processes as they run now. Throws GaugewayError usage for a process
 * that is not there.
 */
export async function resolveSources(
  file: StackFile,
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<StackSources> {
  const { postgres, pgbouncer, redis, nginx, containers, logs } = file;
  const needsEngine =
    (containers?.watch ?? []).length > 0 || logs.some(({ container }) => container !== undefined);
  return {
    ...(postgres === undefined ? {} : { postgresDsn: postgres.dsn }),
    ...(pgbouncer === undefined ? {} : { pgbouncerDsn: pgbouncer.dsn }),
    ...(redis === undefined ? {} : { redisUrl: redis.url }),
    ...(nginx === undefined
      ? {}
      : {
          nginx: {
            ...(nginx.status === undefined ? {} : { statusUrl: nginx.status }),
            ...(nginx.accessLog === undefined ? {} : { accessLog: nginx.accessLog }),
          },
        }),
    processes: await findProcesses(file.processes),
    containers: containers?.watch ?? [],
    ...(needsEngine ? { containerSocket: containers?.socket ?? defaultContainerSocket(env) } : {}),
    logs: logs.map(({ role, name = role, file: path, container, unit }) => ({
      role,
      name,
      from:
        path !== undefined ? { file: path } : container !== undefined ? { container } : { unit: unit ?? '' },
    })),
  };
}
