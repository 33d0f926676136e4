import { scheduleMs } from '../executors/arrival-schedule.ts';
import { isOpenModel } from '../executors/executor-plan.ts';
import { contentTypeOf } from '../compile-step.ts';
import type { PreparedStep } from '../preparation.ts';
import type { HttpBody } from '../scenarios/scenario.ts';
import type { Threshold } from '../thresholds.ts';
import type { Wait } from '../waits.ts';
import { locustRuntime } from './locust-runtime.ts';
import { commonNotes, environmentOf, handlingData, messageOf, poolName } from './script-model.ts';
import type { ScriptModel, ScriptScenario } from './script-model.ts';
import {
  commentLines,
  dataCode,
  identifier,
  python,
  quote,
  textCode,
  valueCode,
  variablesCode,
} from './script-syntax.ts';

/** Locust's weights are whole numbers: fractions keep three digits. */
const weightScale = 1_000;

/** A locustfile, and in words what it says only nearly. */
export function locustScript(model: ScriptModel): { script: string; notes: string[] } {
  const { plan } = model;
  const notes = notesOf(model);
  const taken = new Set(['FastHttpUser', 'GaugewayUser', 'Stages']);
  const waits = isOpenModel(plan.executor) ? throughputOf(model) : undefined;
  const classes = model.scenarios.map((scenario) => scenarioClass(scenario, model, taken, waits));
  const head = commentLines(
    [
      `Exported by gaugeway: ${plan.scenarios.map(({ scenario }) => scenario.name).join(', ')}.`,
      ...runHints(model),
      '',
      ...notes,
    ],
    python,
  );
  const rest = [
    constants(model),
    locustRuntime,
    ...classes,
    ...(plan.executor.kind === 'closed-users' ? [] : [shape(model)]),
    ...(model.thresholds.length === 0 ? [] : [thresholds(model.thresholds)]),
  ].join('\n\n\n');
  return { script: `${[head, imports(rest), rest].join('\n\n')}\n`, notes };
}

const modules = ['json', 'math', 'os', 'random', 're', 'time', 'uuid'];
const imported = {
  locust: [
    'FastHttpUser',
    'LoadTestShape',
    'between',
    'constant',
    'constant_pacing',
    'constant_throughput',
    'events',
    'task',
  ],
  'locust.exception': ['StopUser'],
  'locust.runners': ['LocalRunner', 'WorkerRunner'],
  'locust.stats': ['StatsEntry'],
};

/** What the rest of the script uses. */
function imports(rest: string): string {
  const isUsed = (name: string): boolean => new RegExp(`(?<![\\w.])${name}\\b`).test(rest);
  const from = Object.entries(imported).flatMap(([module, names]) => {
    const used = names.filter(isUsed);
    return used.length === 0 ? [] : [`from ${module} import ${used.join(', ')}`];
  });
  const own = [
    ...modules.filter(isUsed).map((name) => `import ${name}`),
    ...(isUsed('urlencode') ? ['from urllib.parse import urlencode'] : []),
  ];
  return [...own, '', 'import gevent', ...from].join('\n');
}

function runHints({ plan, runTimeMs }: ScriptModel): string[] {
  const seconds = Math.max(1, Math.ceil(runTimeMs / 1000));
  const users =
    plan.executor.kind === 'closed-users' ? ` -u ${plan.users} -r ${plan.spawnRate} -t ${seconds}s` : '';
  return [
    `Run it:  locust -f THIS_FILE --headless${users}`,
    'Another target is given as GAUGEWAY_TARGET or with --host, a bearer token as GAUGEWAY_TOKEN.',
  ];
}

function notesOf(model: ScriptModel): string[] {
  const { plan, abortOnFail } = model;
  return [
    ...commonNotes(model),
    'Nearly: Locust rounds times and keeps them in buckets, so that percentiles are up to 5 % off.',
    ...(isOpenModel(plan.executor)
      ? [
          'Nearly: Locust has no open model. Users begin tasks at a rate of their own, so that arrivals fall behind when a task takes longer than a user has for it.',
        ]
      : []),
    ...(abortOnFail
      ? ['Nearly: Locust holds thresholds against the whole test at its end, and ends no test by one.']
      : []),
  ];
}

function constants(model: ScriptModel): string {
  const { plan, origin, basePath, mcpPath, protocolVersion, hello, envelope, pools } = model;
  const wanted = environmentOf(model);
  const tools = [...pools].map(([name, calls]) => {
    const entries = calls.map(({ name: called, mcpName, params }) => {
      const head = [
        `"name": ${quote(called)}`,
        ...(mcpName === undefined ? [] : [`"mcp_name": ${quote(mcpName)}`]),
      ];
      const sets = params.map((set) => `            ${dataCode(set, python)},`).join('\n');
      return `    {\n        ${head.join(',\n        ')},\n        "params": [\n${sets}\n        ],\n    },`;
    });
    return `${name} = [\n${entries.join('\n')}\n]`;
  });
  return [
    `TARGET = os.environ.get("GAUGEWAY_TARGET", ${quote(origin)}).rstrip("/")`,
    'TOKEN = os.environ.get("GAUGEWAY_TOKEN")',
    `BASE_PATH = ${quote(basePath)}`,
    `MCP_PATH = ${quote(mcpPath)}`,
    `MODERN = ${plan.era === 'modern' ? 'True' : 'False'}`,
    `PROTOCOL_VERSION = ${quote(protocolVersion)}`,
    `HELLO = (${quote(hello.method)}, ${dataCode(hello.params, python)})`,
    `ENVELOPE = ${dataCode(envelope, python)}`,
    `INSECURE = ${plan.tls?.insecure === true ? 'True' : 'False'}`,
    `REQUEST_TIMEOUT_S = ${plan.requestTimeoutMs / 1000}`,
    `# Each user ends after this many tasks; None: it goes on.`,
    `ITERATIONS = ${plan.iterationsPerUser ?? 'None'}`,
    'COMMON_HEADERS = {"user-agent": "gaugeway-load"}',
    'if TOKEN:\n    COMMON_HEADERS["authorization"] = "Bearer " + TOKEN',
    ...(wanted.length === 0
      ? []
      : [
          `for name in ${dataCode(wanted, python)}:`,
          '    if name not in os.environ:',
          '        raise SystemExit("the environment has no %s: see the top of the script" % name)',
        ]),
    ...(tools.length === 0
      ? []
      : [
          '',
          '# The tools that the target had when this was exported, with arguments made from their schemas.',
          ...tools,
        ]),
  ].join('\n');
}

function scenarioClass(
  scenario: ScriptScenario,
  model: ScriptModel,
  taken: Set<string>,
  wait: string | undefined,
): string {
  const { name, weight, protocol, variables, start, stop, tasks } = scenario;
  const names = new Set<string>();
  const members = [
    [
      `    weight = ${Math.max(1, Math.round(weight * (model.scenarios.length === 1 ? 1 : weightScale)))}`,
      `    speaks_mcp = ${protocol === 'mcp' ? 'True' : 'False'}`,
      `    pause = ${wait ?? waitCode(scenario.wait)}`,
    ].join('\n'),
    ...(Object.keys(variables).length === 0
      ? []
      : [
          `    def first_variables(self):\n        return ${variablesCode(variables, scenario.secrets, python)}`,
        ]),
    ...(start.length === 0 ? [] : [`    def at_start(self):\n        return ${chain(start, model, 8)}`]),
    ...(stop.length === 0
      ? []
      : [`    def at_stop(self):\n${stop.map((step) => `        ${stepCode(step, model)}`).join('\n')}`]),
    ...wholeWeights(tasks.map((each) => each.weight)).map((whole, index) => {
      const task = tasks[index];
      const method = identifier(task?.name ?? 'task', names, 'do_');
      return `    @task(${whole})\n    def ${method}(self):\n        return self.begin_task() and ${chain(task?.steps ?? [], model, 8)}`;
    }),
  ];
  const words = name.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  let className = `${/^\d/.test(words.join('')) ? 'Scenario' : ''}${words.join('')}User`;
  while (taken.has(className)) className += '_';
  taken.add(className);
  return `class ${className}(GaugewayUser):\n${members.join('\n\n')}`;
}

/** Whole numbers in the same proportions. */
function wholeWeights(weights: readonly number[]): number[] {
  if (weights.every(Number.isInteger)) return [...weights];
  return weights.map((weight) => Math.max(1, Math.round(weight * weightScale)));
}

function waitCode(wait: Wait): string {
  switch (wait.kind) {
    case 'constant':
      return `constant(${wait.ms / 1000})`;
    case 'between':
      return `between(${wait.minMs / 1000}, ${wait.maxMs / 1000})`;
    case 'constant-pacing':
      return `constant_pacing(${wait.ms / 1000})`;
    case 'constant-throughput':
      return `constant_throughput(${wait.tasksPerS})`;
  }
}

/** Steps one after the other; one that fails ends them. */
function chain(steps: readonly PreparedStep[], model: ScriptModel, indent: number): string {
  const calls = steps.map((step) => stepCode(step, model));
  if (calls.length <= 1) return calls[0] ?? 'True';
  const pad = ' '.repeat(indent + 4);
  return `(\n${pad}${calls.join(`\n${pad}and `)}\n${' '.repeat(indent)})`;
}

function stepCode(step: PreparedStep, model: ScriptModel): string {
  switch (step.kind) {
    case 'pool':
      return call('call_one_of', [poolName(step, model.pools)], { handling: handlingCode(step) });
    case 'mcp': {
      const { params, mcpName } = messageOf(model, step);
      const named = {
        handling: handlingCode(step),
        mcp_name: mcpName === undefined ? undefined : quote(mcpName),
      };
      return call('mcp', [quote(step.name), quote(step.method), valueCode(params, python)], named);
    }
    case 'rpc': {
      const { name, path, method, params } = step;
      const args = [quote(name), textCode(path, python), quote(method), valueCode({ ...params }, python)];
      return call('rpc', args, { handling: handlingCode(step) });
    }
    case 'http': {
      const { name, method, path, body } = step;
      const headers = { ...contentTypeOf(body), ...step.headers };
      const entries = Object.entries(headers).map(
        ([key, value]) => `${quote(key)}: ${textCode(value, python)}`,
      );
      return call('http', [quote(rowName(name, method)), quote(method), textCode(path, python)], {
        headers: entries.length === 0 ? undefined : `{${entries.join(', ')}}`,
        body: body === undefined ? undefined : bodyCode(body),
        handling: handlingCode(step),
      });
    }
    case 'think': {
      const { wait } = step;
      const [least, most] = wait.kind === 'constant' ? [wait.ms, wait.ms] : [wait.minMs, wait.maxMs];
      return `self.think(${least / 1000}, ${most / 1000})`;
    }
    case 'session':
      return 'self.new_session()';
  }
}

function call(method: string, args: readonly string[], named: Record<string, string | undefined>): string {
  const given = Object.entries(named).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return `self.${method}(${[...args, ...given].join(', ')})`;
}

/** Locust has the method in a column of its own. A POST whose name is no path would be taken for one of MCP. */
function rowName(name: string, method: string): string {
  const bare = name.startsWith(`${method} `) ? name.slice(method.length + 1) : name;
  return method === 'POST' && !bare.startsWith('/') ? name : bare;
}

function handlingCode(step: Parameters<typeof handlingData>[0]): string | undefined {
  const data = handlingData(step);
  return data === undefined ? undefined : dataCode(data, python);
}

function bodyCode(body: HttpBody): string {
  if (body.kind === 'text') return textCode(body.text, python);
  if (body.kind === 'json') return `to_json(${valueCode(body.value, python)})`;
  const fields = Object.entries(body.fields).map(
    ([key, value]) => `${quote(key)}: ${textCode(value, python)}`,
  );
  return `urlencode({${fields.join(', ')}})`;
}

/** The tasks that each user begins a second, and the users that a rate needs. */
function perUser({ plan: { executor, users } }: ScriptModel): number {
  if (!isOpenModel(executor)) return 1;
  if (executor.kind === 'constant-arrival-rate') return executor.ratePerS / users;
  const peak = Math.max(executor.startRatePerS, ...executor.stages.map(({ ratePerS }) => ratePerS));
  return Math.max(1, peak / executor.maxUsers);
}

function throughputOf(model: ScriptModel): string {
  return `constant_throughput(${perUser(model)})`;
}

function beginOf(executor: ScriptModel['plan']['executor']): number {
  if (executor.kind === 'constant-arrival-rate') return executor.ratePerS;
  return executor.kind === 'ramping-arrival-rate' ? executor.startRatePerS : 0;
}

function shape(model: ScriptModel): string {
  const { executor, users, spawnRate } = model.plan;
  if (executor.kind === 'closed-users') return '';
  const isConstant = executor.kind === 'constant-arrival-rate';
  const levels =
    executor.kind === 'constant-arrival-rate'
      ? [[model.runTimeMs, executor.ratePerS]]
      : executor.kind === 'staged-users'
        ? executor.stages.map((stage) => [stage.durationMs, stage.users])
        : executor.stages.map((stage) => [stage.durationMs, stage.ratePerS]);
  const list = levels.map(([durationMs = 0, level]) => `(${durationMs / 1000}, ${level})`).join(', ');
  const total = isConstant ? model.runTimeMs : scheduleMs(executor);
  return `class Stages(LoadTestShape):
    """As many users as ${isOpenModel(executor) ? 'the rate of arrivals needs' : 'the stages say'}, for ${total / 1000} seconds."""

    per_user = ${perUser(model)}
    begin = ${beginOf(executor)}
    stages = [${list}]

    def tick(self):
        elapsed = self.get_run_time()
        rate = self.begin
        for seconds, end in self.stages:
            if elapsed < seconds:
                rate += (end - rate) * elapsed / seconds
                return max(1, math.ceil(rate / self.per_user)), ${isConstant ? Math.max(spawnRate, users) : 1000}
            elapsed -= seconds
            rate = end
        return None`;
}

function thresholds(limits: readonly Threshold[]): string {
  const rows = limits.map(({ text, namePrefix = '', metric, comparison, limit }) => {
    const figure = metric.kind === 'percentile' ? metric.percent / 100 : quote(metric.kind);
    return `    (${quote(text)}, ${quote(namePrefix)}, ${figure}, ${quote(comparison)}, ${limit}),`;
  });
  return `# The limit as it was asked for, the beginning of the names it is about, the figure (a number is a percentile), and
# the comparison that holds.
THRESHOLDS = [
${rows.join('\n')}
]
COMPARISONS = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def measure(figure, entry):
    if figure == "rps":
        return entry.total_rps
    if entry.num_requests == 0:
        return None
    if figure == "mean":
        return entry.avg_response_time
    if figure == "max":
        return entry.max_response_time
    if figure == "error_rate":
        return entry.fail_ratio * 100
    return entry.get_response_time_percentile(figure)


@events.quitting.add_listener
def hold_against_thresholds(environment, **_):
    """The exit code is 1 when a threshold is broken, and 0 when all of them are kept."""
    if isinstance(environment.runner, WorkerRunner):
        return
    environment.process_exit_code = 0
    for text, prefix, figure, comparison, limit in THRESHOLDS:
        entry = StatsEntry(environment.stats, prefix or "all", "")
        for each in environment.stats.entries.values():
            own_name = each.name if each.method == "POST" and not each.name.startswith("/") else each.method + " " + each.name
            if own_name.startswith(prefix):
                entry.extend(each)
        value = measure(figure, entry)
        kept = value is not None and COMPARISONS[comparison](value, limit)
        print("%s %s: %s" % ("kept  " if kept else "BROKEN", text, "no figure" if value is None else "%.4g" % value))
        if not kept:
            environment.process_exit_code = 1`;
}
