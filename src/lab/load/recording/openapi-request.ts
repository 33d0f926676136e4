import { isRecord } from '../../../protocol/record.ts';
import { generateValue, UngenerableSchemaError } from '../argument-generator.ts';
import { parseJson } from '../parse-json.ts';
import type { Random } from '../random.ts';
import type { HttpBody, HttpStep } from '../scenarios/scenario.ts';
import { essence } from './har-file.ts';
import type { OpenApiDocument } from './openapi-document.ts';
import { schemaOf } from './openapi-operation.ts';
import type { Operation } from './openapi-operation.ts';
import { useOfHeader } from './request-secrets.ts';
import { rewriteStep } from './rewrite-step.ts';
import { isJsonType } from './sent-body.ts';

/** A parameter in the path of an operation, with its name. */
export const pathParameter = /\{([^{}]+)\}/g;

/** What makes requests of operations. */
export interface RequestMaker {
  document: OpenApiDocument;
  /** Path of the description's server, below which its paths are. */
  basePath: string;
  random: Random;
}

/**
 * A request that the description calls valid: what it requires, with its examples and defaults first. `pathParts` are the
 * parameters of the path in their order, as they are written. Throws UngenerableSchemaError for what cannot be made up.
 */
export function makeRequest(
  operation: Operation,
  pathParts: readonly string[],
  maker: RequestMaker,
): HttpStep {
  const { method, path, parameters } = operation;
  const query: string[] = [];
  const headers: Record<string, string> = {};
  for (const parameter of parameters) {
    const { in: place, name, required } = parameter;
    if (place === 'path' || required !== true) continue;
    const at = `${String(place)} parameter ${String(name)}`;
    if (typeof name !== 'string' || (place !== 'query' && place !== 'header')) {
      throw new UngenerableSchemaError(at, 'is required, and cannot be sent');
    }
    if (place === 'header') {
      if (/^(accept|content-type|authorization)$/i.test(name)) continue;
      if (useOfHeader(name.toLowerCase(), '') !== 'kept') {
        throw new UngenerableSchemaError(at, 'is required, and is not made up');
      }
      headers[name.toLowerCase()] = textOf(valueOf(parameter, at, maker), at);
    } else query.push(...queryOf(name, parameter, at, maker));
  }
  const { body, contentType } = bodyOf(operation, maker);
  if (contentType !== undefined) headers['content-type'] = contentType;
  const step: HttpStep = {
    kind: 'http',
    method,
    path: '/',
    headers,
    extract: [],
    ...(body === undefined ? {} : { body }),
  };
  let index = 0;
  const written = path
    .split(pathParameter)
    .map((part, at) => (at % 2 === 0 ? encodeURI(part).replaceAll('$', '%24') : (pathParts[index++] ?? '')));
  return {
    ...rewriteStep(step, () => undefined),
    path: `${maker.basePath}${written.join('')}${query.length === 0 ? '' : `?${query.join('&')}`}`,
    ...(query.length === 0 && pathParts.length === 0 ? {} : { name: maker.basePath + path.slice(0, 200) }),
  };
}

/** The value that a description gives for a path parameter by example, default or enumeration; undefined where it gives none. */
export function givenPathValue(operation: Operation, name: string, maker: RequestMaker): string | undefined {
  const parameter = operation.parameters.find((each) => each['in'] === 'path' && each['name'] === name);
  if (parameter === undefined) return undefined;
  const schema = maker.document.object(schemaOf(parameter)) ?? {};
  const isGiven =
    exampleOf(parameter, maker.document) !== undefined ||
    ['const', 'enum', 'default', 'example', 'examples'].some((keyword) => keyword in schema);
  const at = `path parameter ${name}`;
  return isGiven ? encodeURIComponent(textOf(valueOf(parameter, at, maker), at)) : undefined;
}

function queryOf(
  name: string,
  parameter: Record<string, unknown>,
  at: string,
  maker: RequestMaker,
): string[] {
  const { style = 'form', explode = style === 'form' } = parameter;
  if (style !== 'form')
    throw new UngenerableSchemaError(at, `the style ${JSON.stringify(style)} is not written`);
  const value = valueOf(parameter, at, maker);
  const items = (Array.isArray(value) ? value : [value]).map((item) => encodeURIComponent(textOf(item, at)));
  const key = encodeURIComponent(name);
  return explode === true ? items.map((item) => `${key}=${item}`) : [`${key}=${items.join(',')}`];
}

function valueOf(
  parameter: Record<string, unknown>,
  at: string,
  { document, random }: RequestMaker,
): unknown {
  if ('content' in parameter)
    throw new UngenerableSchemaError(at, 'a parameter of a media type is not written');
  return (
    exampleOf(parameter, document) ?? generateValue(schemaOf(parameter) ?? true, document.root, random, at)
  );
}

/** The `example` of a parameter or a media type, or the first of its `examples`. */
function exampleOf(node: Record<string, unknown>, document: OpenApiDocument): unknown {
  if (node['example'] !== undefined) return node['example'];
  const examples = isRecord(node['examples']) ? Object.values(node['examples']) : [];
  return examples.map((example) => document.object(example)?.['value']).find((value) => value !== undefined);
}

function textOf(value: unknown, at: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new UngenerableSchemaError(at, 'is neither a text nor a number');
}

function bodyOf({ body }: Operation, maker: RequestMaker): { body?: HttpBody; contentType?: string } {
  const content = maker.document.object(body?.['content']) ?? {};
  for (const [mediaType, node] of Object.entries(content)) {
    const type = essence(mediaType);
    const media = isRecord(node) ? node : {};
    if (isJsonType(type)) {
      return {
        body: { kind: 'json', value: parseJson(JSON.stringify(madeOf(media, maker))) },
        ...(type === 'application/json' ? {} : { contentType: mediaType }),
      };
    }
    if (type === 'application/x-www-form-urlencoded') {
      const made = madeOf(media, maker);
      const fields = Object.entries(isRecord(made) ? made : {});
      return {
        body: {
          kind: 'form',
          fields: Object.fromEntries(fields.map(([key, value]) => [key, textOf(value, `field ${key}`)])),
        },
      };
    }
    if (type === 'text/plain') return { body: { kind: 'text', text: textOf(madeOf(media, maker), 'body') } };
  }
  if (body?.['required'] === true) {
    throw new UngenerableSchemaError(
      'body',
      `is none of JSON, a form and text: ${Object.keys(content).join(', ')}`,
    );
  }
  return {};
}

function madeOf(media: Record<string, unknown>, { document, random }: RequestMaker): unknown {
  return exampleOf(media, document) ?? generateValue(schemaOf(media) ?? true, document.root, random, 'body');
}
