import { isRecord } from '../../../protocol/record.ts';
import { isJsonType } from './sent-body.ts';
import { essence } from './har-file.ts';
import type { OpenApiDocument } from './openapi-document.ts';
import { schemaOf } from './openapi-operation.ts';
import type { Operation } from './openapi-operation.ts';

const maxDepth = 6;

/** A JSONPath of the value for the path parameter `name` in the answer to a list; undefined where that cannot be told. */
export function itemValuePath(list: Operation, name: string, document: OpenApiDocument): string | undefined {
  const json = Object.entries(list.answer).find(([type]) => isJsonType(essence(type)));
  if (json === undefined) return undefined;
  const schema = schemaOf(json[1]);
  for (const property of propertiesFor(name)) {
    const [path, ...others] = new Set(pathsTo(property, schema, '$', document, maxDepth));
    if (path !== undefined) return others.length === 0 ? path : `$..${property}`;
  }
  // A description that says nothing of its answers is common; a trial before the load finds out.
  return propertiesFor(name).includes('id') && !saysAnything(schema, document, maxDepth)
    ? '$..id'
    : undefined;
}

/** `tool_id` and `toolId` are most likely the `id` of a tool; `user_email` its `email`. */
function propertiesFor(name: string): string[] {
  const [, snake = '', camel = ''] =
    /[_-](id|uuid|slug|key|name|email)$|(?<=[a-z0-9])(Id|Uuid|Slug|Key|Name|Email)$/.exec(name) ?? [];
  return [...new Set([name, snake, camel.toLowerCase()])].filter((property) =>
    /^[A-Za-z_]\w*$/.test(property),
  );
}

function pathsTo(
  property: string,
  schema: unknown,
  at: string,
  document: OpenApiDocument,
  depth: number,
): string[] {
  const node = document.object(schema);
  if (node === undefined || depth === 0) return [];
  const branches = alternativesOf(node).flatMap((each) => pathsTo(property, each, at, document, depth - 1));
  const inList = hasProperty(node['items'], property, document, depth) ? [`${at}[0].${property}`] : [];
  if (at !== '$') return [...branches, ...inList];
  const members = Object.entries(isRecord(node['properties']) ? node['properties'] : {});
  const inMembers = members.flatMap(([name, member]) =>
    /^[A-Za-z_]\w*$/.test(name) ? pathsTo(property, member, `$.${name}`, document, depth - 1) : [],
  );
  return [...branches, ...inList, ...inMembers];
}

function hasProperty(schema: unknown, property: string, document: OpenApiDocument, depth: number): boolean {
  const node = document.object(schema);
  if (node === undefined || depth === 0) return false;
  const { properties } = node;
  if (isRecord(properties) && Object.hasOwn(properties, property)) return true;
  return alternativesOf(node).some((each) => hasProperty(each, property, document, depth - 1));
}

/** Whether a schema names any member of an object. */
function saysAnything(schema: unknown, document: OpenApiDocument, depth: number): boolean {
  const node = document.object(schema);
  if (node === undefined || depth === 0) return false;
  return (
    isRecord(node['properties']) ||
    [...alternativesOf(node), node['items']].some((each) => saysAnything(each, document, depth - 1))
  );
}

function alternativesOf(node: Record<string, unknown>): unknown[] {
  return ['allOf', 'anyOf', 'oneOf'].flatMap((keyword): unknown[] => {
    const list = node[keyword];
    return Array.isArray(list) ? list : [];
  });
}
