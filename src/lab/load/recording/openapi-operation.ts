import { isRecord } from '../../../protocol/record.ts';
import { httpMethods } from '../scenarios/scenario.ts';
import type { HttpMethod } from '../scenarios/scenario.ts';
import type { OpenApiDocument } from './openapi-document.ts';

const maxOperations = 2_000;
/** Answers that do not end, or that end what others need. */
const byName: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /\/(sse|stream|ws|websocket)\/?$/i, reason: 'by its name its answer does not end' },
  { pattern: /\/(logout|sign-?out|shutdown)\/?$/i, reason: 'by its name it ends something' },
];

/** One operation of a description, with its references followed. */
export interface Operation {
  method: HttpMethod;
  /** As the description has it, e.g. `/tools/{tool_id}`. */
  path: string;
  parameters: readonly Record<string, unknown>[];
  body: Record<string, unknown> | undefined;
  /** The media types and their schemas of the first answer of success. */
  answer: Readonly<Record<string, unknown>>;
  /** Why it should not be part of a load, whatever can be sent. */
  objection: string | undefined;
}

/** The operations of a description in its order. */
export function listOperations(document: OpenApiDocument): Operation[] {
  const paths = document.object(document.root['paths']) ?? {};
  const found: Operation[] = [];
  for (const [path, item] of Object.entries(paths)) {
    const members = document.object(item) ?? {};
    for (const method of httpMethods) {
      const node = document.object(members[method.toLowerCase()]);
      if (node === undefined || !path.startsWith('/') || found.length >= maxOperations) continue;
      const answer = answerOf(node, document);
      found.push({
        method,
        path,
        parameters: parametersOf(members['parameters'], node['parameters'], document),
        body: document.object(node['requestBody']),
        answer,
        objection: objectionTo(path, node, answer),
      });
    }
  }
  return found;
}

/** Those of the operation come before those that are shared by all of a path. */
function parametersOf(shared: unknown, own: unknown, document: OpenApiDocument): Record<string, unknown>[] {
  const byPlace = new Map<string, Record<string, unknown>>();
  for (const entry of [shared, own].flatMap((list): unknown[] => (Array.isArray(list) ? list : []))) {
    const parameter = document.object(entry) ?? { in: 'outside', name: 'parameter', required: true };
    byPlace.set(`${String(parameter['in'])} ${String(parameter['name'])}`, parameter);
  }
  return [...byPlace.values()];
}

function answerOf(node: Record<string, unknown>, document: OpenApiDocument): Record<string, unknown> {
  const responses = document.object(node['responses']) ?? {};
  const status = Object.keys(responses).find((key) => /^2(\d\d|XX)$/i.test(key)) ?? 'default';
  return document.object(document.object(responses[status])?.['content']) ?? {};
}

function objectionTo(
  path: string,
  node: Record<string, unknown>,
  answer: Record<string, unknown>,
): string | undefined {
  if (node['deprecated'] === true) return 'deprecated';
  const types = Object.keys(answer);
  if (types.length > 0 && types.every((type) => type.startsWith('text/event-stream'))) {
    return 'its answer is an event stream';
  }
  return byName.find(({ pattern }) => pattern.test(path))?.reason;
}

/** The schema of a parameter, a body or an answer. */
export function schemaOf(content: unknown): unknown {
  return isRecord(content) ? content['schema'] : undefined;
}
