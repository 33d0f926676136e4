import { percentDecode } from '../percent-decode.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { HttpBody, HttpStep, McpStep, ToolStep } from '../scenarios/scenario.ts';
import { escapeTemplate } from '../scenarios/template.ts';
import { namesSecret } from '../secret-values.ts';
import { split } from './grouped-name.ts';

/** A value of a request. */
export interface SentValue {
  /** `text`: a part of a path, of a query or a form, where a number is text, too. `json`: a member of JSON. */
  where: 'text' | 'json';
  /** Name of the field or parameter; '' for a part of a path. */
  key: string;
  value: string | number;
  /** Whether it is written otherwise than it reads. */
  encoded: boolean;
}

/** The expression to be sent instead of a value, or undefined where it is to be sent as it is. */
export type Replace = (sent: SentValue) => string | undefined;

/** A step with each value that was recorded replaced by its expression, or written so that it stands for itself. */
export function rewriteStep<Step extends HttpStep | McpStep | ToolStep>(step: Step, replace: Replace): Step;
export function rewriteStep(step: HttpStep | McpStep | ToolStep, replace: Replace): typeof step {
  switch (step.kind) {
    case 'http':
      return {
        ...step,
        path: rewritePath(step.path, replace),
        headers: rewriteTexts(step.headers, () => undefined),
        ...(step.body === undefined ? {} : { body: rewriteBody(step.body, replace) }),
      };
    case 'mcp':
      return {
        ...step,
        params: rewriteMembers(step.params, replace),
        ...(step.path === undefined ? {} : { path: rewritePath(step.path, replace) }),
      };
    case 'tool':
      return { ...step, arguments: rewriteMembers(step.arguments ?? {}, replace) };
  }
}

function rewritePath(path: string, replace: Replace): string {
  const [pathname, query] = split(path);
  const parts = pathname.split('/').map((part) => {
    const value = percentDecode(part);
    return replace({ where: 'text', key: '', value, encoded: value !== part }) ?? escapeTemplate(part);
  });
  if (query === undefined) return parts.join('/');
  const pairs = query.split('&').map((pair) => {
    const [key = '', ...rest] = pair.split('=');
    // Without a key it is a part like those of the path.
    const [name, written] = rest.length === 0 ? ['', key] : [key, rest.join('=')];
    const value = percentDecode(written);
    const encoded = encodeURIComponent(value) !== value;
    const expression = replace({ where: 'text', key: name, value, encoded });
    if (rest.length === 0) return expression ?? escapeTemplate(pair);
    return `${escapeTemplate(key)}=${expression ?? escapeTemplate(written)}`;
  });
  return `${parts.join('/')}?${pairs.join('&')}`;
}

function rewriteBody(body: HttpBody, replace: Replace): HttpBody {
  switch (body.kind) {
    case 'json':
      return { kind: 'json', value: rewriteJson(body.value, '', replace) };
    case 'form':
      return { kind: 'form', fields: rewriteTexts(body.fields, replace) };
    case 'text':
      return { kind: 'text', text: escapeTemplate(body.text) };
  }
}

function rewriteTexts(texts: Readonly<Record<string, string>>, replace: Replace): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([key, value]) => [
      key,
      replace({ where: 'text', key, value, encoded: false }) ?? escapeTemplate(value),
    ]),
  );
}

function rewriteMembers(
  members: Readonly<Record<string, JsonValue>>,
  replace: Replace,
  within = '',
): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [
      key,
      rewriteJson(value, within === '' ? key : `${within}_${key}`, replace),
    ]),
  );
}

function rewriteJson(value: JsonValue, key: string, replace: Replace): JsonValue {
  if (typeof value === 'string')
    return replace({ where: 'json', key, value, encoded: false }) ?? escapeTemplate(value);
  if (typeof value === 'number') return replace({ where: 'json', key, value, encoded: false }) ?? value;
  if (Array.isArray(value)) return value.map((item) => rewriteJson(item, key, replace));
  if (typeof value !== 'object' || value === null) return value;
  // What is in `credentials` is one of them, whatever it is called.
  return rewriteMembers(value, replace, namesSecret(key) ? key : '');
}
