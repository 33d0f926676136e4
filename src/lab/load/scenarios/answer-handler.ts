import { compile } from 'json-p3';
import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from './json-value.ts';
import type { AnswerHandling, Check, Extraction } from './scenario.ts';

/** What an answer that breaks a check is counted as; the same in every engine. */
export const checkKinds = {
  contains: (text: string): string => `check contains ${short(text)}`,
  matches: (pattern: string): string => `check matches ${short(pattern)}`,
  json: (path: string, equals: JsonValue): string =>
    `check ${short(path)} is ${short(JSON.stringify(equals))}`,
  within: (ms: number): string => `check within ${ms} ms`,
};

/** An answer as checks and extractions see it. */
export interface Answered {
  /** Undefined for a result of MCP: what is no result has failed already. */
  status: number | undefined;
  /** By lower-case name. */
  headers: Readonly<Record<string, string>>;
  /** The body, or the result of MCP as JSON. */
  text: () => string;
  /** Parsed; undefined where it is no JSON. */
  json: () => JsonValue;
  tookMs: number;
}

/** Checks an answer and takes values from it into `variables`. Gives the kind of failure of what does not hold. */
export type AnswerHandler = (answered: Answered, variables: Record<string, JsonValue>) => string | undefined;

/** Undefined where there is nothing to do, so that nothing is done for each answer. */
export function compileHandling({ check, extract }: AnswerHandling): AnswerHandler | undefined {
  if (check === undefined && extract.length === 0) return undefined;
  const checks = check === undefined ? [] : compileCheck(check);
  const extractions = extract.map(compileExtraction);
  return (answered, variables) => {
    for (const { kind, holds } of checks) if (!holds(answered)) return kind;
    for (const { variable, valueIn } of extractions) {
      const value = valueIn(answered);
      if (value === undefined) return `extract ${variable}`;
      variables[variable] = value;
    }
    return undefined;
  };
}

/** The status of HTTP has a judge of its own: it decides without a check, too. */
export function acceptsStatus(check: Check | undefined, status: number): boolean {
  return check?.status === undefined ? status >= 200 && status <= 299 : check.status.includes(status);
}

function compileCheck(check: Check): { kind: string; holds: (answered: Answered) => boolean }[] {
  const { contains, matches, withinMs } = check;
  const pattern = matches === undefined ? undefined : new RegExp(matches);
  return [
    ...(contains === undefined
      ? []
      : [
          {
            kind: checkKinds.contains(contains),
            holds: ({ text }: Answered) => text().includes(contains),
          },
        ]),
    ...(pattern === undefined
      ? []
      : [
          {
            kind: checkKinds.matches(pattern.source),
            holds: ({ text }: Answered) => pattern.test(text()),
          },
        ]),
    ...check.json.map(({ path, equals }) => {
      const valueIn = compilePath(path);
      return {
        kind: checkKinds.json(path, equals),
        holds: (answered: Answered) => isDeepStrictEqual(valueIn(answered), equals),
      };
    }),
    ...(withinMs === undefined
      ? []
      : [{ kind: checkKinds.within(withinMs), holds: ({ tookMs }: Answered) => tookMs <= withinMs }]),
  ];
}

function compileExtraction({ variable, from }: Extraction): {
  variable: string;
  valueIn: (answered: Answered) => JsonValue;
} {
  if (from.kind === 'header') {
    const { name } = from;
    return { variable, valueIn: ({ headers }) => (Object.hasOwn(headers, name) ? headers[name] : undefined) };
  }
  return { variable, valueIn: compilePath(from.path) };
}

/** The first value at the path. */
function compilePath(path: string): (answered: Answered) => JsonValue {
  const query = compile(path);
  return ({ json }) => {
    const document = json();
    if (document === undefined) return undefined;
    return query.match(document)?.value;
  };
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
