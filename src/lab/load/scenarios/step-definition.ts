import { compile } from 'json-p3';
import { z } from 'zod';
import { isRecord } from '../../../protocol/record.ts';
import { parseDurationMs } from '../../../shared/duration.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { pauseSchema } from '../waits.ts';
import { jsonValueSchema } from './json-value.ts';
import { parsePause } from './parse-pause.ts';
import { httpMethods } from './scenario.ts';
import type { Check, Extraction, HttpBody, HttpMethod, Step } from './scenario.ts';
import { parseTemplate, TemplateError, textsOf, variablePattern } from './template.ts';

/** Runs a reader that throws what a user can act on, and makes that an issue of the field. */
export function readBy<T>(read: (text: string) => T): z.ZodType<T, string> {
  return z
    .string()
    .max(16_384)
    .transform((text, context) => {
      try {
        return read(text);
      } catch (error) {
        if (!(
          error instanceof GaugewayError ||
          error instanceof TemplateError ||
          error instanceof SyntaxError
        )) {
          throw error;
        }
        context.addIssue({ code: 'custom', message: messageOf(error) });
        return z.NEVER;
      }
    });
}

const templated = readBy((text) => {
  parseTemplate(text);
  return text;
});
/** A JSON value whose texts may hold expressions. */
export const templatedJson = jsonValueSchema.superRefine((value, context) => {
  for (const text of textsOf(value)) {
    try {
      parseTemplate(text);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  }
});
const templatedTexts = z.record(z.string().max(200), templated);
const path = templated.refine((text) => text.startsWith('/'), { error: 'a path begins with /' });
const durationMs = readBy(parseDurationMs);

/** A record whose keys are names of variables. */
export function byVariable<T extends z.ZodType>(value: T): z.ZodRecord<z.ZodString, T> {
  return z.record(z.string(), value).superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      const fault = variablePattern.test(name)
        ? ['uuid', 'int', 'pick'].includes(name) && 'has a meaning of its own in expressions'
        : 'is no name: letters, digits and _, no digit first';
      if (fault !== false) context.addIssue({ code: 'custom', message: `'${name}' ${fault}`, path: [name] });
    }
  });
}

/** Throws GaugewayError usage. */
function readJsonPath(text: string): string {
  try {
    compile(text);
  } catch (error) {
    throw new GaugewayError('usage', `'${text}' is no JSONPath (RFC 9535): ${messageOf(error)}`, {
      cause: error,
    });
  }
  return text;
}

const extraction = readBy((text): Extraction['from'] => {
  const [, header] = /^header\s+([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.exec(text) ?? [];
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
  if (text.startsWith('$')) return { kind: 'json', path: readJsonPath(text) };
  throw new GaugewayError(
    'usage',
    `'${text}' is neither a JSONPath, e.g. $.id, nor a header, e.g. header ETag`,
  );
});

const jsonPath = readBy(readJsonPath);
const regularExpression = readBy((text) => new RegExp(text).source);

const check = z
  .strictObject({
    status: z
      .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1).max(50)])
      .optional(),
    contains: z.string().max(10_000).optional(),
    matches: regularExpression.optional(),
    json: z.record(z.string(), jsonValueSchema).optional(),
    within: durationMs.optional(),
  })
  .transform(({ status, contains, matches, json = {}, within }, context): Check => {
    for (const text of Object.keys(json)) {
      const parsed = jsonPath.safeParse(text);
      if (parsed.success) continue;
      context.addIssue({ code: 'custom', path: ['json', text], message: z.prettifyError(parsed.error) });
    }
    return {
      ...(status === undefined ? {} : { status: [status].flat() }),
      ...(contains === undefined ? {} : { contains }),
      ...(matches === undefined ? {} : { matches }),
      json: Object.entries(json).map(([at, equals]) => ({ path: at, equals })),
      ...(within === undefined ? {} : { withinMs: within }),
    };
  });

const handling = {
  name: z.string().min(1).max(200).exactOptional(),
  extract: byVariable(extraction)
    .default({})
    .transform((by): Extraction[] => Object.entries(by).map(([variable, from]) => ({ variable, from }))),
  check: check.exactOptional(),
};

const requestLine = readBy((text): { method: HttpMethod; path: string } => {
  const [, word = '', target = ''] = /^([A-Za-z]+)\s+(\S.*)$/.exec(text) ?? [];
  const method = httpMethods.find((name) => name === word.toUpperCase());
  if (method === undefined || !target.startsWith('/')) {
    throw new GaugewayError('usage', `'${text}' is no request: write a method and a path, e.g. GET /health`);
  }
  parseTemplate(target);
  return { method, path: target };
});

const httpStep = z
  .strictObject({
    request: requestLine,
    headers: templatedTexts.default({}),
    json: templatedJson.optional(),
    form: templatedTexts.optional(),
    body: templated.optional(),
    ...handling,
  })
  .refine(({ json, form, body }) => [json, form, body].filter((given) => given !== undefined).length <= 1, {
    error: 'only one of json, form and body can be sent',
  })
  .transform(({ request, json, form, body: text, ...rest }): Step => {
    const body: HttpBody | undefined =
      json !== undefined
        ? { kind: 'json', value: json }
        : form !== undefined
          ? { kind: 'form', fields: form }
          : text !== undefined
            ? { kind: 'text', text }
            : undefined;
    return { kind: 'http', ...request, ...rest, ...(body === undefined ? {} : { body }) };
  });

const mcpStep = z
  .strictObject({
    mcp: z.string().regex(/^[\w$./-]{1,100}$/, { error: 'not the name of a method' }),
    params: z.record(z.string(), templatedJson).default({}),
    path: path.exactOptional(),
    ...handling,
  })
  .transform(({ mcp, ...rest }): Step => ({ kind: 'mcp', method: mcp, ...rest }));

const toolStep = z
  .strictObject({
    tool: z.string().min(1).max(200),
    arguments: z.record(z.string(), templatedJson).exactOptional(),
    ...handling,
  })
  .transform((step): Step => ({ kind: 'tool', ...step }));

const thinkStep = z
  .strictObject({ think: readBy(parsePause).pipe(pauseSchema) })
  .transform(({ think }): Step => ({ kind: 'think', wait: think }));

const sessionStep = z
  .strictObject({ session: z.literal('new', { error: "write 'new'" }) })
  .transform((): Step => ({ kind: 'session' }));

const byKey = {
  request: httpStep,
  mcp: mcpStep,
  tool: toolStep,
  think: thinkStep,
  session: sessionStep,
} as const;

/** One step as its author writes it; which key it has says what it is. */
export const stepSchema = z.unknown().transform((value, context): Step => {
  const key = isRecord(value) ? Object.keys(byKey).find((name) => name in value) : undefined;
  const schema = key === undefined ? undefined : Object.entries(byKey).find(([name]) => name === key)?.[1];
  if (schema === undefined) {
    context.addIssue({ code: 'custom', message: `a step has one of ${Object.keys(byKey).join(', ')}` });
    return z.NEVER;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { message, path: at } of parsed.error.issues) {
    context.addIssue({ code: 'custom', message, path: at });
  }
  return z.NEVER;
});

/** One step as its author writes it. */
export type StepDefinition =
  | z.input<typeof httpStep>
  | z.input<typeof mcpStep>
  | z.input<typeof toolStep>
  | z.input<typeof thinkStep>
  | z.input<typeof sessionStep>;

/** Reads one step by itself. Throws GaugewayError usage. */
export function readStep(definition: StepDefinition): Step {
  const parsed = stepSchema.safeParse(definition);
  if (parsed.success) return parsed.data;
  throw new GaugewayError('usage', parsed.error.issues[0]?.message ?? 'not a step', { cause: parsed.error });
}
