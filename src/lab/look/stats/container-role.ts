import type { ProcessRole } from '../../../shared/stack-description.ts';

/** The first that matches wins: a gateway's name may hold that of its database. */
const patterns: readonly [RegExp, ProcessRole][] = [
  [/pgbouncer/, 'pgbouncer'],
  [/gateway|gaugeway|contextforge|context-forge/, 'gateway'],
  [/postgres/, 'postgres'],
  [/redis|valkey/, 'redis'],
  [/nginx/, 'nginx'],
  [/locust|\bk6\b/, 'load'],
  [/mcp/, 'upstream'],
];

/**
 * The part that a container plays by its own name, after the Compose project of `project-service-1`, or by that of its
 * image. Undefined when neither tells.
 */
export function containerRole({ name, image }: { name: string; image: string }): ProcessRole | undefined {
  const [, service = name] = /[-_]([^-_]+)[-_]\d+$/.exec(name) ?? [];
  for (const text of [service, image.replace(/^.*\//, ''), name]) {
    const found = patterns.find(([pattern]) => pattern.test(text.toLowerCase()));
    if (found !== undefined) return found[1];
  }
  return undefined;
}
