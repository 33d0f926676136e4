import { isRecord } from '../../../protocol/record.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { UngenerableSchemaError } from '../argument-generator.ts';
import { basePathOf } from '../find-endpoint.ts';
import { createRandom } from '../random.ts';
import { maxTasks } from '../scenarios/scenario-definition.ts';
import type { ScenarioDefinition } from '../scenarios/scenario-definition.ts';
import type { HttpMethod, HttpStep } from '../scenarios/scenario.ts';
import { readStep } from '../scenarios/step-definition.ts';
import { writeStep } from '../scenarios/write-definition.ts';
import { readOpenApi } from './openapi-document.ts';
import type { OpenApiDocument, OpenApiSource } from './openapi-document.ts';
import { itemValuePath } from './openapi-list.ts';
import { listOperations } from './openapi-operation.ts';
import type { Operation } from './openapi-operation.ts';
import { givenPathValue, makeRequest, pathParameter } from './openapi-request.ts';
import type { RequestMaker } from './openapi-request.ts';
import { LeftOutList, scenarioNameOf } from './recorded-scenario.ts';
import type { RecordedScenario } from './recorded-scenario.ts';
import { VariableNames } from './variable-names.ts';

export interface OpenApiOptions extends OpenApiSource {
  /** Whose operations are taken. */
  methods: readonly HttpMethod[];
}

/** A service is read more than it is written. */
const readWeight = 5;
const reading: readonly HttpMethod[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Makes a scenario of an OpenAPI description: a task for each operation that can be asked with what the description says.
 * Each is optional, so that a load leaves out what its target lacks or refuses. Throws GaugewayError usage when there is
 * none, and as {@link readOpenApi}.
 */
export async function scenarioFromOpenApi(options: OpenApiOptions): Promise<RecordedScenario> {
  const { source, methods, target } = options;
  const document = await readOpenApi(options);
  const operations = withoutTwins(listOperations(document));
  const maker: Maker = {
    document,
    basePath: basePathIn(document, target),
    random: createRandom(1),
    lists: new Map(
      operations.filter(({ method }) => method === 'GET').map((each) => [keyOf(each.path), each]),
    ),
  };
  const writes = methods.some((method) => !reading.includes(method));
  const leftOut = new LeftOutList();
  const tasks: ScenarioDefinition['tasks'] = [];
  for (const operation of operations) {
    const name = `${operation.method} ${operation.path}`;
    if (!methods.includes(operation.method)) {
      leftOut.add(`operations of ${operation.method}`, '--openapi-methods adds them');
      continue;
    }
    const outcome = tasks.length < maxTasks ? stepsOf(operation, maker) : `over ${maxTasks} tasks`;
    if (typeof outcome === 'string') leftOut.add(name, outcome);
    else {
      const weight = writes && reading.includes(operation.method) ? { weight: readWeight } : {};
      tasks.push({ name, ...weight, optional: true, steps: outcome.map(writeStep) });
    }
  }
  if (tasks.length === 0) {
    const why = leftOut.list.slice(0, 3).map((each) => `${each.name} (${each.reason})`);
    throw new GaugewayError('usage', `${source} describes nothing that can be asked: ${why.join(', ')}`);
  }
  const shown = document.url === undefined ? source : document.url.origin + document.url.pathname;
  return {
    definition: {
      name: scenarioNameOf(titleOf(document) ?? shown),
      description: `${tasks.length} operations described by ${shown.slice(0, 500)}`,
      users: 'http',
      tasks,
    },
    origin: document.url?.origin,
    leftOut: leftOut.list,
  };
}

/** Frameworks describe one operation twice, with and without a slash at the end of its path. */
function withoutTwins(operations: readonly Operation[]): Operation[] {
  const keys = new Set(operations.map(({ method, path }) => `${method} ${path}`));
  return operations.filter(
    ({ method, path }) => !path.endsWith('/') || !keys.has(`${method} ${path.replace(/\/$/, '')}`),
  );
}

interface Maker extends RequestMaker {
  /** The operations of GET by their path without the names of parameters. */
  lists: ReadonlyMap<string, Operation>;
}

/** What a user does for an operation: the lists that name its path's parameters, then the operation; or why it cannot. */
function stepsOf(operation: Operation, maker: Maker): HttpStep[] | string {
  if (operation.objection !== undefined) return operation.objection;
  try {
    const { steps, parts } = pathOf(operation, maker);
    const made = [...steps, makeRequest(operation, parts, maker)];
    for (const step of made) readStep(writeStep(step));
    return made;
  } catch (error) {
    if (error instanceof UngenerableSchemaError || error instanceof GaugewayError) return error.message;
    throw error;
  }
}

/** How each parameter of a path is written, and the requests that give their values. */
function pathOf(operation: Operation, maker: Maker): { steps: HttpStep[]; parts: string[] } {
  const names = new VariableNames();
  const steps: HttpStep[] = [];
  const parts: string[] = [];
  for (const match of operation.path.matchAll(pathParameter)) {
    const [placeholder, name = ''] = match;
    const collection = operation.path.slice(0, match.index).replace(/\/$/, '');
    const rest = operation.path.slice(match.index + placeholder.length);
    const isWhole = operation.path[match.index - 1] === '/' && (rest === '' || rest.startsWith('/'));
    const list = isWhole
      ? (maker.lists.get(keyOf(collection)) ?? maker.lists.get(keyOf(`${collection}/`)))
      : undefined;
    const from =
      list?.objection === undefined && list !== undefined
        ? itemValuePath(list, name, maker.document)
        : undefined;
    const given = from === undefined ? givenPathValue(operation, name, maker) : undefined;
    if (list !== undefined && from !== undefined) {
      const variable = names.unique(name);
      steps.push({
        ...makeRequest(list, parts, maker),
        extract: [{ variable, from: { kind: 'json', path: from } }],
      });
      parts.push(`\${${variable}}`);
    } else if (given !== undefined) parts.push(given);
    else
      throw new UngenerableSchemaError(
        placeholder,
        'no list and no example of the description gives a value',
      );
  }
  return { steps, parts };
}

function keyOf(path: string): string {
  return path.replaceAll(pathParameter, '{}');
}

/** The path of the description's first server, without what the target's own says already. */
function basePathIn({ root, url }: OpenApiDocument, target: string | undefined): string {
  const [server] = Array.isArray(root['servers']) ? root['servers'] : [];
  if (!isRecord(server) || typeof server['url'] !== 'string') return '';
  const variables = isRecord(server['variables']) ? server['variables'] : {};
  const written = server['url'].replaceAll(pathParameter, (whole, name: string) => {
    const variable = variables[name];
    return isRecord(variable) && typeof variable['default'] === 'string' ? variable['default'] : whole;
  });
  const given = URL.parse(written, url ?? 'http://localhost/')?.pathname ?? '';
  // A pattern would take a time that grows with the square of what a stranger's document may hold.
  let end = given.length;
  while (given[end - 1] === '/') end -= 1;
  const path = given.slice(0, end);
  return target !== undefined && basePathOf(target) === path ? '' : path.replaceAll('$', '%24');
}

function titleOf({ root }: OpenApiDocument): string | undefined {
  const title = isRecord(root['info']) ? root['info']['title'] : undefined;
  return typeof title === 'string' && /\w/.test(title) ? title.replaceAll('/', '-').toLowerCase() : undefined;
}
