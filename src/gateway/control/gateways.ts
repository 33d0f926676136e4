import { z } from 'zod';
import type { GatewayRecord } from '../storage/ports.ts';
import type { CatalogService } from './catalog-service.ts';
import { descriptionInput, errorAnswers, idParams, listQuery, nameInput } from './shapes.ts';
import { statusShape, timestamp } from './shapes.ts';
import type { UpstreamStates } from './upstream-states.ts';
import type { ControlApp } from './zod-routes.ts';

const transports = ['STREAMABLEHTTP'] as const;

/** Settings that change what an upstream is asked for must not be taken and then ignored. */
const unsupported = [
  'authType',
  'auth_type',
  'caCertificate',
  'ca_certificate',
  'oauthConfig',
  'oauth_config',
];

const gatewayInput = z
  .looseObject({
    name: nameInput,
    url: z.string().min(1).max(2048),
    description: descriptionInput,
    transport: z
      .enum(transports, 'only STREAMABLEHTTP upstreams are supported')
      .default('STREAMABLEHTTP')
      .meta({ description: 'How the MCP server is reached' }),
  })
  .superRefine((input, context) => {
    for (const key of unsupported) {
      const value = input[key];
      if (value === undefined || value === null || value === '' || value === 'none') continue;
      context.addIssue({ code: 'custom', path: [key], message: 'is not supported for upstreams' });
    }
  });

const gatewayShape = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  transport: z.enum(transports),
  enabled: z.boolean(),
  reachable: z.boolean().meta({ description: 'Whether it answered this replica when it was last asked' }),
  lastError: z.string().nullable(),
  lastSeen: timestamp.nullable(),
  capabilities: z.record(z.string(), z.unknown()),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const gatewayPage = z.object({ gateways: z.array(gatewayShape), nextCursor: z.null() });

export interface GatewayRoutesDeps {
  service: CatalogService;
  states: UpstreamStates;
}

/** MCP servers behind the gateway; the name of the resource is ContextForge's. */
export function addGatewayRoutes(app: ControlApp, { service, states }: GatewayRoutesDeps): void {
  const read = (record: GatewayRecord): z.input<typeof gatewayShape> => {
    const state = states.get(record.id);
    const seen = state?.lastCheckMs === undefined && state?.lastSeenMs === undefined ? undefined : state;
    return {
      ...record,
      reachable: seen?.reachable ?? record.reachable,
      lastError: seen === undefined ? record.lastError : seen.lastError,
      lastSeen: seen?.lastSeenMs === undefined ? null : new Date(seen.lastSeenMs).toISOString(),
      createdAt: record.createdAt.toISOString(),
      updatedAt: record.updatedAt.toISOString(),
    };
  };

  app.post(
    '/gateways',
    {
      schema: {
        summary: 'Register an MCP server',
        description: 'Connects to it, lists its tools and offers them under `<gateway>-<tool>`.',
        tags: ['gateways'],
        body: gatewayInput,
        response: { 201: gatewayShape, ...errorAnswers },
      },
    },
    async ({ body }, reply) => {
      const gateway = await service.addGateway(body);
      void reply.status(201);
      return read(gateway);
    },
  );
  app.get(
    '/gateways',
    {
      schema: {
        summary: 'List registered MCP servers',
        tags: ['gateways'],
        querystring: listQuery,
        response: { 200: z.union([z.array(gatewayShape), gatewayPage]) },
      },
    },
    async ({ query }) => {
      const gateways = service.contents.gateways.map(read);
      return query.include_pagination ? { gateways, nextCursor: null } : gateways;
    },
  );
  app.get(
    '/gateways/:id',
    {
      schema: {
        summary: 'One registered MCP server',
        tags: ['gateways'],
        params: idParams,
        response: { 200: gatewayShape, ...errorAnswers },
      },
    },
    async ({ params }) => read(service.gateway(params.id)),
  );
  app.delete(
    '/gateways/:id',
    {
      schema: {
        summary: 'Remove an MCP server and its tools',
        tags: ['gateways'],
        params: idParams,
        response: { 200: statusShape, ...errorAnswers },
      },
    },
    async ({ params }) => {
      await service.deleteGateway(params.id);
      return { status: 'success' as const, message: `Gateway ${params.id} deleted` };
    },
  );
}
