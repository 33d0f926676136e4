import { isOpenModel } from '../executors/executor-plan.ts';
import { contentTypeOf } from '../compile-step.ts';
import type { PreparedStep } from '../preparation.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { HttpBody } from '../scenarios/scenario.ts';
import type { Threshold } from '../thresholds.ts';
import type { Wait } from '../waits.ts';
import { k6Runtime } from './k6-runtime.ts';
import { commonNotes, environmentOf, handlingData, messageOf, poolName } from './script-model.ts';
import type { ScriptModel, ScriptScenario } from './script-model.ts';
import {
  commentLines,
  dataCode,
  identifier,
  javaScript,
  quote,
  textCode,
  valueCode,
  variablesCode,
} from './script-syntax.ts';

/** What requests in flight may take at the end, as our own engine lets them. */
const graceS = '5s';
/** k6's rates are whole numbers: fractions are counted over a longer time. */
const rateScale = 1_000;

/** A k6 script, and in words what it says only nearly. */
export function k6Script(model: ScriptModel): { script: string; notes: string[] } {
  const notes = notesOf(model);
  const taken = new Set<string>();
  const named = model.scenarios.map((scenario) => ({
    scenario,
    // The prefix keeps names apart from words of the language, from what the script declares, and from k6's own setup.
    name: identifier(scenario.name, taken, 'scenario_'),
  }));
  const sections = [
    commentLines(
      [
        `Exported by gaugeway: ${model.plan.scenarios.map(({ scenario }) => scenario.name).join(', ')}.`,
        'Run it:  k6 run THIS_FILE',
        'Another target is given as -e GAUGEWAY_TARGET=…, a bearer token as GAUGEWAY_TOKEN in the environment.',
        '',
        ...notes,
      ],
      javaScript,
    ),
    "import { check, sleep } from 'k6';\nimport exec from 'k6/execution';\nimport http from 'k6/http';",
    options(model, named),
    constants(model),
    k6Runtime,
    ...named.map(({ scenario, name }) => scenarioCode(scenario, name, model)),
  ];
  return { script: `${sections.join('\n\n')}\n`, notes };
}

function notesOf(model: ScriptModel): string[] {
  const { plan, scenarios } = model;
  const speaksMcp = scenarios.some(({ protocol }) => protocol === 'mcp');
  return [
    ...commonNotes(model),
    ...(speaksMcp && plan.iterationsPerUser === undefined
      ? ['Nearly: k6 does not tell a user that it ends, so that sessions are left open at the end.']
      : []),
    'Nearly: times of k6 begin when a request is sent, without the making of a connection; in the open model they do not begin with the arrival.',
  ];
}

function options(model: ScriptModel, named: readonly { scenario: ScriptScenario; name: string }[]): string {
  const total = named.reduce((sum, { scenario }) => sum + scenario.weight, 0);
  const scenarios = Object.fromEntries(
    named.map(({ scenario, name }) => [name, { exec: name, ...executorOf(model, scenario.weight / total) }]),
  );
  const thresholds = thresholdsOf(model.thresholds, model.abortOnFail);
  return `export const options = ${JSON.stringify(
    {
      scenarios,
      ...(model.thresholds.length === 0 ? {} : { thresholds }),
      ...(model.plan.tls?.insecure === true ? { insecureSkipTLSVerify: true } : {}),
      userAgent: 'gaugeway-load',
    },
    null,
    2,
  )};`;
}

/** The part of the load that a scenario has, by its share (0..1) of the users. */
function executorOf({ plan, runTimeMs }: ScriptModel, share: number): Record<string, unknown> {
  const { executor, users, spawnRate, iterationsPerUser } = plan;
  const own = (count: number): number => Math.max(1, Math.round(count * share));
  const rampMs = (users / spawnRate) * 1000;
  if (executor.kind === 'closed-users') {
    if (iterationsPerUser !== undefined) {
      const times = { maxDuration: time(runTimeMs + rampMs), gracefulStop: graceS };
      return { executor: 'per-vu-iterations', vus: own(users), iterations: iterationsPerUser, ...times };
    }
    return {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: time(rampMs), target: own(users) },
        { duration: time(runTimeMs), target: own(users) },
      ],
      gracefulRampDown: graceS,
      gracefulStop: graceS,
    };
  }
  if (executor.kind === 'staged-users') {
    return {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: executor.stages.map((stage) => ({
        duration: time(stage.durationMs),
        target: stage.users === 0 ? 0 : own(stage.users),
      })),
      gracefulRampDown: graceS,
      gracefulStop: graceS,
    };
  }
  const bounds = { preAllocatedVUs: own(users), maxVUs: own(executor.maxUsers), gracefulStop: graceS };
  const rates =
    executor.kind === 'constant-arrival-rate'
      ? [executor.ratePerS]
      : [executor.startRatePerS, ...executor.stages.map(({ ratePerS }) => ratePerS)];
  const scale = rates.every((rate) => Number.isInteger(rate * share)) ? 1 : rateScale;
  const rateOf = (ratePerS: number): number => Math.round(ratePerS * share * scale);
  const timeUnit = `${scale}s`;
  if (executor.kind === 'constant-arrival-rate') {
    const rate = { rate: rateOf(executor.ratePerS), timeUnit, duration: time(runTimeMs) };
    return { executor: 'constant-arrival-rate', ...rate, ...bounds };
  }
  return {
    executor: 'ramping-arrival-rate',
    startRate: rateOf(executor.startRatePerS),
    timeUnit,
    stages: executor.stages.map(({ durationMs, ratePerS }) => ({
      duration: time(durationMs),
      target: rateOf(ratePerS),
    })),
    ...bounds,
  };
}

/** A time as k6 writes it. */
function time(ms: number): string {
  return `${Math.max(1, Math.round(ms))}ms`;
}

/** Requests whose name begins as a threshold says carry a tag of it. */
function limitTag(index: number): string {
  return `limit_${index + 1}`;
}

function thresholdsOf(limits: readonly Threshold[], abortOnFail: boolean): Record<string, unknown[]> {
  const held: Record<string, unknown[]> = {};
  for (const [index, limit] of limits.entries()) {
    const { metric, threshold } = conditionOf(limit);
    const key = limit.namePrefix === undefined ? metric : `${metric}{${limitTag(index)}:yes}`;
    (held[key] ??= []).push(abortOnFail ? { threshold, abortOnFail: true } : threshold);
  }
  return held;
}

/** Failures of MCP are no failures of HTTP: the share of failed requests is that of failed checks. */
function conditionOf({ metric, comparison, limit }: Threshold): { metric: string; threshold: string } {
  switch (metric.kind) {
    case 'percentile':
      return { metric: 'http_req_duration', threshold: `p(${metric.percent})${comparison}${limit}` };
    case 'mean':
      return { metric: 'http_req_duration', threshold: `avg${comparison}${limit}` };
    case 'max':
      return { metric: 'http_req_duration', threshold: `max${comparison}${limit}` };
    case 'error_rate': {
      const opposite = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }[comparison];
      return { metric: 'checks', threshold: `rate${opposite}${Number((1 - limit / 100).toFixed(9))}` };
    }
    case 'rps':
      return { metric: 'http_reqs', threshold: `rate${comparison}${limit}` };
  }
}

function constants(model: ScriptModel): string {
  const { plan, origin, basePath, mcpPath, protocolVersion, hello, envelope, pools, thresholds } = model;
  const wanted = environmentOf(model);
  const limits = thresholds.flatMap(({ namePrefix }, index) =>
    namePrefix === undefined ? [] : [`  [${quote(limitTag(index))}, ${quote(namePrefix)}],`],
  );
  const tools = [...pools].map(([name, calls]) => {
    const entries = calls.map(({ name: called, mcpName, params }) => {
      const head = [
        `name: ${quote(called)}`,
        ...(mcpName === undefined ? [] : [`mcpName: ${quote(mcpName)}`]),
      ];
      const sets = params.map((set) => `      ${dataCode(set, javaScript)},`).join('\n');
      return `  {\n    ${head.join(',\n    ')},\n    params: [\n${sets}\n    ],\n  },`;
    });
    return `const ${name} = [\n${entries.join('\n')}\n];`;
  });
  return [
    `const target = (__ENV.GAUGEWAY_TARGET || ${quote(origin)}).replace(/\\/+$/, '');`,
    `const basePath = ${quote(basePath)};`,
    `const mcpPath = ${quote(mcpPath)};`,
    `const modern = ${plan.era === 'modern'};`,
    `const protocolVersion = ${quote(protocolVersion)};`,
    `const envelope = ${dataCode(envelope, javaScript)};`,
    `const hello = [${quote(hello.method)}, ${dataCode(hello.params, javaScript)}];`,
    `const requestTimeout = '${plan.requestTimeoutMs}ms';`,
    '// Each user ends after this many tasks; undefined: it goes on.',
    `const iterations = ${plan.iterationsPerUser ?? 'undefined'};`,
    "const commonHeaders = { 'user-agent': 'gaugeway-load' };",
    "if (__ENV.GAUGEWAY_TOKEN) commonHeaders.authorization = 'Bearer ' + __ENV.GAUGEWAY_TOKEN;",
    ...(wanted.length === 0
      ? []
      : [
          `for (const name of ${dataCode(wanted, javaScript)}) {`,
          "  if (__ENV[name] === undefined) throw new Error('the environment has no ' + name + ': see the top of the script');",
          '}',
        ]),
    '// The tags of thresholds, with the beginning of the names that they are about.',
    limits.length === 0 ? 'const limits = [];' : `const limits = [\n${limits.join('\n')}\n];`,
    ...(tools.length === 0
      ? []
      : [
          '',
          '// The tools that the target had when this was exported, with arguments made from their schemas.',
          ...tools,
        ]),
  ].join('\n');
}

function scenarioCode(scenario: ScriptScenario, name: string, model: ScriptModel): string {
  const { protocol, variables, start, stop, tasks } = scenario;
  const isOpen = isOpenModel(model.plan.executor);
  const list = tasks.map(
    (task) =>
      `${commentLines([task.name], javaScript).replace(/^/gm, '    ')}\n    [${task.weight}, (user) =>${chain(task.steps, model, ' &&')}],`,
  );
  return `const user_of_${name} = new User({
  speaksMcp: ${protocol === 'mcp'},
  variables: () => (${variablesCode(variables, scenario.secrets, javaScript)}),
  start: (user) =>${chain(start, model, ' &&')},
  // The last steps are all taken, whether or not those before them went well.
  stop: (user) =>${stop.length === 0 ? ' true' : `\n      [\n${stop.map((step) => `        ${stepCode(step, model)},`).join('\n')}\n      ].every(Boolean)`},
  tasks: [
${list.join('\n')}
  ],
  wait: ${isOpen ? '() => undefined' : waitCode(scenario.wait)},
});

export function ${name}() {
  user_of_${name}.turn();
}`;
}

function waitCode(wait: Wait): string {
  switch (wait.kind) {
    case 'constant':
      return `() => sleep(${wait.ms / 1000})`;
    case 'between':
      return `() => sleep(${wait.minMs / 1000} + Math.random() * ${(wait.maxMs - wait.minMs) / 1000})`;
    case 'constant-pacing':
    case 'constant-throughput': {
      const paceMs = wait.kind === 'constant-pacing' ? wait.ms : 1000 / wait.tasksPerS;
      return `(beganMs) => sleep(Math.max(0, beganMs + ${paceMs} - Date.now()) / 1000)`;
    }
  }
}

/** Steps one after the other; one that fails ends them. */
function chain(steps: readonly PreparedStep[], model: ScriptModel, and: string): string {
  const calls = steps.map((step) => stepCode(step, model));
  if (calls.length <= 1) return ` ${calls[0] ?? 'true'}`;
  return `\n      ${calls.join(`${and}\n      `)}`;
}

function stepCode(step: PreparedStep, model: ScriptModel): string {
  switch (step.kind) {
    case 'pool':
      return call('callOneOf', [poolName(step, model.pools), handlingCode(step)]);
    case 'mcp': {
      const { params, mcpName } = messageOf(model, step);
      const named = mcpName === undefined ? undefined : quote(mcpName);
      const args = [
        quote(step.name),
        quote(step.method),
        valueCode(params, javaScript),
        handlingCode(step),
        named,
      ];
      return call('mcp', args);
    }
    case 'rpc': {
      const { name, path, method, params } = step;
      const args = [
        quote(name),
        textCode(path, javaScript),
        quote(method),
        valueCode({ ...params }, javaScript),
      ];
      return call('rpc', [...args, handlingCode(step)]);
    }
    case 'http': {
      const { name, method, path, body } = step;
      const headers = Object.entries({ ...contentTypeOf(body), ...step.headers }).map(
        ([key, value]) => `${javaScript.key(key)}: ${textCode(value, javaScript)}`,
      );
      const handling = handlingCode(step);
      const given = [
        ...(headers.length === 0 ? [] : [`headers: { ${headers.join(', ')} }`]),
        ...(body === undefined ? [] : [`body: ${bodyCode(body)}`]),
        ...(handling === undefined ? [] : [`handling: ${handling}`]),
      ];
      const more = given.length === 0 ? undefined : `{ ${given.join(', ')} }`;
      return call('http', [quote(name), quote(method), textCode(path, javaScript), more]);
    }
    case 'think': {
      const { wait } = step;
      const [least, most] = wait.kind === 'constant' ? [wait.ms, wait.ms] : [wait.minMs, wait.maxMs];
      return call('think', [String(least / 1000), String(most / 1000)]);
    }
    case 'session':
      return call('newSession', []);
  }
}

/** Arguments that are missing at the end are left out. */
function call(method: string, args: readonly (string | undefined)[]): string {
  const last = args.findLastIndex((each) => each !== undefined);
  return `user.${method}(${args
    .slice(0, last + 1)
    .map((each) => each ?? 'undefined')
    .join(', ')})`;
}

function handlingCode(step: Parameters<typeof handlingData>[0]): string | undefined {
  const data: JsonValue | undefined = handlingData(step);
  return data === undefined ? undefined : dataCode(data, javaScript);
}

function bodyCode(body: HttpBody): string {
  if (body.kind === 'text') return textCode(body.text, javaScript);
  if (body.kind === 'json') return `JSON.stringify(${valueCode(body.value, javaScript)})`;
  const fields = Object.entries(body.fields).map(
    ([key, value]) =>
      `encodeURIComponent(${quote(key)}) + '=' + encodeURIComponent(${textCode(value, javaScript)})`,
  );
  return fields.join(" + '&' + ");
}
