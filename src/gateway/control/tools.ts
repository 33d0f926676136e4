import { z } from 'zod';
import type { ToolRecord } from '../storage/ports.ts';
import type { CatalogService } from './catalog-service.ts';
import { errorAnswers, idParams, listQuery, timestamp } from './shapes.ts';
import type { UpstreamStates } from './upstream-states.ts';
import type { ControlApp } from './zod-routes.ts';

const jsonObject = z.record(z.string(), z.unknown());

const toolShape = z.object({
  id: z.string(),
  name: z.string().meta({ description: 'As clients see it' }),
  originalName: z.string().meta({ description: 'As the upstream knows it' }),
  title: z.string().nullable(),
  description: z.string().nullable(),
  inputSchema: jsonObject,
  outputSchema: jsonObject.nullable(),
  annotations: jsonObject,
  integrationType: z.literal('MCP'),
  requestType: z.literal('STREAMABLEHTTP'),
  gatewayId: z.string(),
  gatewaySlug: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  reachable: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const toolPage = z.object({ tools: z.array(toolShape), nextCursor: z.null() });

export interface ToolRoutesDeps {
  service: CatalogService;
  states: UpstreamStates;
}

/** Tools of every upstream, as they are offered. */
export function addToolRoutes(app: ControlApp, { service, states }: ToolRoutesDeps): void {
  const read = (tool: ToolRecord): z.input<typeof toolShape> => {
    const gateway = service.gateway(tool.gatewayId);
    const { title, description, inputSchema, outputSchema, annotations } = tool.definition;
    return {
      id: tool.id,
      name: tool.name,
      originalName: tool.originalName,
      title: typeof title === 'string' ? title : null,
      description: typeof description === 'string' ? description : null,
      inputSchema: jsonObject.safeParse(inputSchema).data ?? {},
      outputSchema: jsonObject.safeParse(outputSchema).data ?? null,
      annotations: jsonObject.safeParse(annotations).data ?? {},
      integrationType: 'MCP',
      requestType: gateway.transport,
      gatewayId: gateway.id,
      gatewaySlug: gateway.slug,
      url: gateway.url,
      enabled: gateway.enabled,
      reachable: states.get(gateway.id)?.reachable ?? gateway.reachable,
      createdAt: tool.createdAt.toISOString(),
      updatedAt: tool.updatedAt.toISOString(),
    };
  };

  app.get(
    '/tools',
    {
      schema: {
        summary: 'List tools',
        tags: ['tools'],
        querystring: listQuery,
        response: { 200: z.union([z.array(toolShape), toolPage]) },
      },
    },
    async ({ query }) => {
      const tools = service.contents.tools.map(read);
      return query.include_pagination ? { tools, nextCursor: null } : tools;
    },
  );
  app.get(
    '/tools/:id',
    {
      schema: {
        summary: 'One tool',
        tags: ['tools'],
        params: idParams,
        response: { 200: toolShape, ...errorAnswers },
      },
    },
    async ({ params }) => read(service.tool(params.id)),
  );
}
