import { z } from 'zod';
import type { StorageHealth } from '../storage/ports.ts';
import type { ControlApp } from './zod-routes.ts';

export interface HealthRoutesDeps {
  /** The last look at the storage; costs nothing. */
  storageHealth: () => StorageHealth;
  /** What is still missing before traffic should come here, in words. */
  notReady: () => string[];
  version: string;
}

const healthShape = z.object({ status: z.enum(['healthy', 'unhealthy']), error: z.string().optional() });
const readyShape = z.object({ status: z.enum(['ready', 'unready']), notReady: z.array(z.string()) });

/** What load balancers ask. Open to everybody, answered from memory, never limited. */
export function addHealthRoutes(app: ControlApp, deps: HealthRoutesDeps): void {
  const config = { public: true };
  app.get(
    '/health',
    {
      config,
      schema: {
        summary: 'Whether the gateway and its storage work',
        tags: ['health'],
        response: { 200: healthShape, 503: healthShape },
      },
    },
    async (_request, reply) => {
      if (deps.storageHealth().healthy) return { status: 'healthy' as const };
      void reply.status(503);
      return { status: 'unhealthy' as const, error: 'the storage does not answer' };
    },
  );
  app.get(
    '/ready',
    {
      config,
      schema: {
        summary: 'Whether traffic should come here',
        tags: ['health'],
        response: { 200: readyShape, 503: readyShape },
      },
    },
    async (_request, reply) => {
      const notReady = deps.notReady();
      if (notReady.length === 0) return { status: 'ready' as const, notReady };
      void reply.status(503);
      return { status: 'unready' as const, notReady };
    },
  );
  app.get(
    '/version',
    {
      config,
      schema: {
        summary: 'Which gateway this is',
        tags: ['health'],
        response: { 200: z.object({ name: z.string(), version: z.string() }) },
      },
    },
    async () => ({ name: 'gaugeway', version: deps.version }),
  );
}
