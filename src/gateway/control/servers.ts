import { z } from 'zod';
import type { ServerRecord } from '../storage/ports.ts';
import type { CatalogService } from './catalog-service.ts';
import { descriptionInput, errorAnswers, idParams, listQuery, nameInput } from './shapes.ts';
import { statusShape, timestamp } from './shapes.ts';
import type { ControlApp } from './zod-routes.ts';

const toolIds = z.array(z.string().min(1).max(100)).max(10_000);

/** ContextForge takes the server bare or in an envelope, and the list in either spelling. */
const serverInput = z.preprocess(
  (body) => {
    const given = isObject(body) && isObject(body['server']) ? body['server'] : body;
    if (!isObject(given) || given['associatedTools'] !== undefined) return given;
    return { ...given, associatedTools: given['associated_tools'] };
  },
  z.looseObject({
    name: nameInput,
    description: descriptionInput,
    associatedTools: toolIds.nullish().transform((ids) => ids ?? []),
  }),
);

const serverShape = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  associatedTools: z.array(z.string()).meta({ description: 'Names of its tools, as clients see them' }),
  associatedToolIds: z.array(z.string()),
  enabled: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const serverPage = z.object({ servers: z.array(serverShape), nextCursor: z.null() });

/** Virtual servers: bundles of tools, each with an MCP endpoint at `/servers/{id}/mcp`. */
export function addServerRoutes(app: ControlApp, service: CatalogService): void {
  const read = (server: ServerRecord): z.input<typeof serverShape> => {
    const names = new Map(service.contents.tools.map((tool) => [tool.id, tool.name]));
    return {
      id: server.id,
      name: server.name,
      description: server.description,
      associatedTools: server.toolIds.flatMap((id) => names.get(id) ?? []),
      associatedToolIds: server.toolIds,
      enabled: true,
      createdAt: server.createdAt.toISOString(),
      updatedAt: server.updatedAt.toISOString(),
    };
  };

  app.post(
    '/servers',
    {
      schema: {
        summary: 'Bundle tools in a virtual server',
        tags: ['servers'],
        body: serverInput,
        response: { 201: serverShape, ...errorAnswers },
      },
    },
    async ({ body }, reply) => {
      const { name, description, associatedTools } = body;
      const server = await service.addServer({ name, description, toolIds: associatedTools });
      void reply.status(201);
      return read(server);
    },
  );
  app.get(
    '/servers',
    {
      schema: {
        summary: 'List virtual servers',
        tags: ['servers'],
        querystring: listQuery,
        response: { 200: z.union([z.array(serverShape), serverPage]) },
      },
    },
    async ({ query }) => {
      const servers = service.contents.servers.map(read);
      return query.include_pagination ? { servers, nextCursor: null } : servers;
    },
  );
  app.get(
    '/servers/:id',
    {
      schema: {
        summary: 'One virtual server',
        tags: ['servers'],
        params: idParams,
        response: { 200: serverShape, ...errorAnswers },
      },
    },
    async ({ params }) => read(service.server(params.id)),
  );
  app.delete(
    '/servers/:id',
    {
      schema: {
        summary: 'Remove a virtual server; its tools stay',
        tags: ['servers'],
        params: idParams,
        response: { 200: statusShape, ...errorAnswers },
      },
    },
    async ({ params }) => {
      await service.deleteServer(params.id);
      return { status: 'success' as const, message: `Server ${params.id} deleted` };
    },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
