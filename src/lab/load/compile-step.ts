import type { Action, ActingUser } from './acting-user.ts';
import { failureKind } from './failure-kind.ts';
import type { HttpAnswer } from './http-target.ts';
import type { ResultCheck } from './mcp-client.ts';
import { bodyOf, judgeResponse } from './mcp-wire.ts';
import type { McpMessage, Wire } from './mcp-wire.ts';
import { parseJson } from './parse-json.ts';
import type { PreparedStep } from './preparation.ts';
import { acceptsStatus, compileHandling } from './scenarios/answer-handler.ts';
import type { Answered, AnswerHandler } from './scenarios/answer-handler.ts';
import type { JsonValue } from './scenarios/json-value.ts';
import type { HttpBody } from './scenarios/scenario.ts';
import {
  compileJson,
  compileText,
  escapeTemplate,
  hasExpressions,
  literalJson,
  literalMembers,
} from './scenarios/template.ts';
import type { TemplateScope } from './scenarios/template.ts';
import { waitMsOf } from './waits.ts';

/** What the steps of a load have in common. */
export interface StepContext {
  wire: Wire;
  token: string | undefined;
  /** Path of the target's base URL, without a slash at its end; steps' paths go behind it. */
  basePath: string;
}

type Step<Kind extends PreparedStep['kind']> = PreparedStep & { kind: Kind };

/** Makes a step into a function; what can be made ready before the load is. */
export function compileStep(step: PreparedStep, context: StepContext): Action {
  switch (step.kind) {
    case 'pool':
      return compilePool(step);
    case 'mcp':
      return compileMcp(step, context);
    case 'rpc':
      return compileRpc(step, context);
    case 'http':
      return compileHttp(step, context);
    case 'think':
      return async (user) => {
        await user.pause(waitMsOf(step.wait, user.random, performance.now(), undefined));
        return undefined;
      };
    case 'session':
      return async ({ client }, startMs) => {
        await client.close(startMs);
        return (await client.open()).failure;
      };
  }
}

function compilePool(step: Step<'pool'>): Action {
  const { calls } = step;
  const handler = compileHandling(step);
  return async (user, startMs) => {
    const call = calls[Math.floor(user.random() * calls.length)];
    const message = call?.variants[Math.floor(user.random() * call.variants.length)];
    if (call === undefined || message === undefined) return undefined;
    return (await user.client.request(message, call.name, startMs, judgeResult(handler, user, startMs)))
      .failure;
  };
}

function compileMcp(step: Step<'mcp'>, { wire }: StepContext): Action {
  const { name, method, params, mcpName } = step;
  const handler = compileHandling(step);
  const messageOf = compileMessage(params, (rendered) => wire.message(method, rendered, mcpName));
  return async (user, startMs) => {
    const judgement = await user.client.request(
      messageOf(user),
      name,
      startMs,
      judgeResult(handler, user, startMs),
    );
    return judgement.failure;
  };
}

/** The same message each time where its parameters hold no expression. */
function compileMessage(
  params: Readonly<Record<string, JsonValue>>,
  make: (params: Record<string, unknown>) => McpMessage,
): (scope: TemplateScope) => McpMessage {
  if (!hasExpressions(params)) {
    const message = make(literalMembers(params));
    return () => message;
  }
  const members = Object.entries(params).map(([key, value]) => [key, compileJson(value)] as const);
  return (scope) => make(Object.fromEntries(members.map(([key, value]) => [key, value(scope)])));
}

function compileRpc(step: Step<'rpc'>, { basePath, token }: StepContext): Action {
  const { name, method, params } = step;
  const handler = compileHandling(step);
  const pathOf = compileText(basePath + step.path);
  const headers = { ...fixedHeaders(token), accept: 'application/json', 'content-type': 'application/json' };
  const messageOf = compileMessage(params, (rendered) => ({ method, params: JSON.stringify(rendered) }));
  let lastId = 0;
  return async (user, startMs) => {
    const id = (lastId += 1);
    const request = {
      method: 'POST',
      path: pathOf(user),
      headers,
      body: bodyOf(messageOf(user), id),
      wantsBody: true,
    };
    const { failure } = await user.client.http(request, name, startMs, (answer) => {
      const judgement = judgeResponse(answer, id, false);
      if (judgement.failure !== undefined) return failureKind(judgement.failure, judgement.detail);
      return judgeResult(handler, user, startMs)?.(judgement.result, answer.endMs);
    });
    return failure;
  };
}

function compileHttp(step: Step<'http'>, { basePath, token }: StepContext): Action {
  const { name, method, check, extract } = step;
  const handler = compileHandling(step);
  const pathOf = compileText(basePath + step.path);
  const bodyFor = step.body === undefined ? undefined : compileBody(step.body);
  const headersOf = compileHeaders({
    ...fixedHeaders(token === undefined ? undefined : escapeTemplate(token)),
    ...contentTypeOf(step.body),
    ...lowerCased(step.headers),
  });
  const wantsHeaders = extract.some(({ from }) => from.kind === 'header');
  const wantsBody = handler !== undefined;
  return async (user, startMs) => {
    const body = bodyFor?.(user);
    const request = {
      method,
      path: pathOf(user),
      headers: headersOf(user),
      ...(body === undefined ? {} : { body }),
      wantsHeaders,
      wantsBody,
    };
    const { failure } = await user.client.http(request, name, startMs, (answer) => {
      if (!acceptsStatus(check, answer.status)) return `http ${answer.status}`;
      return handler?.(answeredBy(answer, startMs), user.variables);
    });
    return failure;
  };
}

function judgeResult(
  handler: AnswerHandler | undefined,
  user: ActingUser,
  startMs: number,
): ResultCheck | undefined {
  if (handler === undefined) return undefined;
  return (result, endMs) => {
    const text = once(() => JSON.stringify(result));
    // What is taken from it becomes the user's own: the result itself is nobody's to share.
    const json = once((): JsonValue => JSON.parse(text()));
    return handler({ status: undefined, headers: {}, text, json, tookMs: endMs - startMs }, user.variables);
  };
}

function answeredBy(answer: HttpAnswer, startMs: number): Answered {
  const text = (): string => answer.body ?? '';
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: once(() => parseJson(text())),
    tookMs: answer.endMs - startMs,
  };
}

/** For an answer that several checks and extractions look at: it is read when the first of them asks. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function fixedHeaders(token: string | undefined): Record<string, string> {
  return {
    accept: '*/*',
    'user-agent': 'gaugeway-load',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** The header that says what a body is; none without a body. */
export function contentTypeOf(body: HttpBody | undefined): Record<string, string> {
  if (body === undefined) return {};
  const types = {
    json: 'application/json',
    form: 'application/x-www-form-urlencoded',
    text: 'text/plain; charset=utf-8',
  };
  return { 'content-type': types[body.kind] };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The same object each time where no value holds an expression. */
function compileHeaders(headers: Record<string, string>): (scope: TemplateScope) => Record<string, string> {
  const values = Object.entries(headers).map(([name, value]) => [name, compileText(value)] as const);
  const render = (scope: TemplateScope): Record<string, string> =>
    Object.fromEntries(values.map(([name, value]) => [name, value(scope)]));
  if (hasExpressions(headers)) return render;
  const fixed = render({ variables: {}, random: () => 0 });
  return () => fixed;
}

function compileBody(body: HttpBody): (scope: TemplateScope) => string {
  if (body.kind === 'text') return compileText(body.text);
  if (body.kind === 'form') {
    const fields = Object.entries(body.fields).map(([name, value]) => [name, compileText(value)] as const);
    return (scope) => new URLSearchParams(fields.map(([name, value]) => [name, value(scope)])).toString();
  }
  const json = compileJson(body.value);
  if (hasExpressions(body.value)) return (scope) => JSON.stringify(json(scope));
  const text = JSON.stringify(literalJson(body.value));
  return () => text;
}
