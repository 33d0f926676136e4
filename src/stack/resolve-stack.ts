import type { ReadStackFile } from '../config/stack-file.ts';
import { GaugewayError } from '../shared/errors.ts';
import type { StackSources } from '../shared/stack-description.ts';
import { findProcesses } from './find-processes.ts';

/** Where the engine listens when nobody says: what `docker` itself takes, and the path that both engines use. */
export function defaultContainerSocket(env: Readonly<NodeJS.ProcessEnv>): string {
  const host = env['DOCKER_HOST'];
  return host?.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}

/**
 * The sources that a stack file names, with its processes as they run now. Throws GaugewayError usage for a process
 * that is not there, with its line, unless `missing` takes that message.
 */
export async function resolveSources(
  { stack, placeOf }: ReadStackFile,
  env: Readonly<NodeJS.ProcessEnv>,
  missing: (message: string) => void = refuse,
): Promise<StackSources> {
  const { postgres, pgbouncer, redis, nginx, containers, logs } = stack;
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
    processes: await findProcesses(stack.processes, (index, message) =>
      missing(`${placeOf(['processes', index])}: ${message}`),
    ),
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

function refuse(message: string): never {
  throw new GaugewayError('usage', message);
}
