import type { FastifyInstance, FastifySchema, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { FastifyBaseLogger } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { GaugewayError } from '../../shared/errors.ts';

/** Lets a route declare its shapes once, as zod schemas: they check, type and document it. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

/** Fastify with {@link ZodTypeProvider}. */
export type ControlApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** A request that does not have the declared shape. `location` is FastAPI's word for the part of the request. */
export class InvalidRequest extends GaugewayError {
  readonly location: string;
  readonly issues: readonly z.core.$ZodIssue[];

  constructor(location: string, issues: readonly z.core.$ZodIssue[]) {
    super('unprocessable', issues[0]?.message ?? 'not valid');
    this.location = location;
    this.issues = issues;
  }
}

const locations: Readonly<Record<string, string>> = { querystring: 'query', params: 'path' };

/** Makes the application check requests with the zod schemas of their routes. */
export function useZodSchemas(app: FastifyInstance): ControlApp {
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart = 'body' }) => (data: unknown) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    return { error: new InvalidRequest(locations[httpPart] ?? httpPart, parsed.error.issues) };
  });
  app.setSerializerCompiler(() => JSON.stringify);
  return app.withTypeProvider<ZodTypeProvider>();
}

/** The same schemas as JSON Schema 2020-12, which is what OpenAPI 3.1 uses. */
export function toOpenApiSchema({ schema, url }: { schema: FastifySchema; url: string }): {
  schema: FastifySchema;
  url: string;
} {
  const { body, params, querystring, response, ...rest } = schema;
  const responses = Object.entries(isObject(response) ? response : {});
  return {
    url,
    schema: {
      ...rest,
      ...(body instanceof z.ZodType && { body: jsonSchema(body, 'input') }),
      ...(params instanceof z.ZodType && { params: jsonSchema(params, 'input') }),
      ...(querystring instanceof z.ZodType && { querystring: jsonSchema(querystring, 'input') }),
      ...(responses.length > 0 && {
        response: Object.fromEntries(
          responses.map(([status, each]) => [
            status,
            each instanceof z.ZodType ? jsonSchema(each, 'output') : each,
          ]),
        ),
      }),
    },
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io, unrepresentable: 'any' }), $schema: undefined };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
