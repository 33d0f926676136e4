import swagger from '@fastify/swagger';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { GaugewayError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { HostGuard } from '../downstream/host-guard.ts';
import type { Authenticator } from '../policy/principal.ts';
import { answerError } from './error-answer.ts';
import { addGatewayRoutes } from './gateways.ts';
import type { GatewayRoutesDeps } from './gateways.ts';
import { addHealthRoutes } from './health.ts';
import type { HealthRoutesDeps } from './health.ts';
import { addMetricsRoutes } from './metrics.ts';
import type { MetricsRoutesDeps } from './metrics.ts';
import { addServerRoutes } from './servers.ts';
import { addToolRoutes } from './tools.ts';
import { toOpenApiSchema, useZodSchemas } from './zod-routes.ts';
import type { ControlApp } from './zod-routes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a token. */
    public?: boolean;
  }
}

export interface ControlPlaneDeps extends GatewayRoutesDeps, MetricsRoutesDeps, HealthRoutesDeps {
  authenticator: Authenticator;
  hostGuard: HostGuard;
  maxBodyBytes: number;
  logger: Logger;
}

/** The REST control plane with its OpenAPI document, ready to be given requests (`app.routing`). */
export async function createControlPlane(deps: ControlPlaneDeps): Promise<ControlApp> {
  const { authenticator, hostGuard, logger } = deps;
  const plain = Fastify({
    bodyLimit: deps.maxBodyBytes,
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (error, _request, reply) => void answerError(error, reply, logger),
  });
  takeJsonOnly(plain);
  plain.addHook('onRequest', async (request) => {
    hostGuard(request.headers.host, request.headers.origin);
    if (request.routeOptions.config.public !== true)
      await authenticator.authenticate(request.headers.authorization);
  });
  plain.addHook('onSend', async (_request, reply) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  plain.setErrorHandler((error, _request, reply) => answerError(error, reply, logger));
  plain.setNotFoundHandler((request) => {
    throw new GaugewayError(
      'not_found',
      `there is nothing at ${request.method} ${request.url.slice(0, 200)}`,
    );
  });
  await plain.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Gaugeway', version: deps.version, description: 'Control plane of the MCP gateway' },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
      ...(authenticator.required && { security: [{ bearer: [] }] }),
    },
    transform: toOpenApiSchema,
  });

  const app = useZodSchemas(plain);
  addHealthRoutes(app, deps);
  addGatewayRoutes(app, deps);
  addToolRoutes(app, deps);
  addServerRoutes(app, deps.service);
  addMetricsRoutes(app, deps);
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}

/** Many clients name the content type of every request: a DELETE that says JSON and has no body is a good one. */
function takeJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '' && request.method === 'DELETE') done(null);
    else void parse(request, body, done);
  });
}
