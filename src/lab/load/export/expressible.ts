import { GaugewayError } from '../../../shared/errors.ts';
import type { LoadPlan } from '../load-plan.ts';
import { nameOf } from '../prepare-step.ts';
import type { Scenario, Step } from '../scenarios/scenario.ts';
import { literalOf, parseTemplate } from '../scenarios/template.ts';
import { namesSecret } from '../secret-values.ts';
import { singularPath } from './singular-path.ts';

export const exportEngines = ['locust', 'k6'] as const;
export type ExportEngine = (typeof exportEngines)[number];

/** What JavaScript's regular expressions have and Python's write otherwise or not at all. */
const onlyJavaScript = /\(\?<[^=!]|\\[pPk]|\\c|\[\]|\[\^\]/;

/**
 * Refuses what a script of this engine cannot say, before anything is asked of the target. Throws GaugewayError usage that
 * names the scenario, the place and the reason.
 */
export function checkExpressible({ scenarios, iterationsPerUser }: LoadPlan, engine: ExportEngine): void {
  for (const { scenario } of scenarios) {
    for (const part of ['setup', 'teardown'] as const) {
      if (scenario[part].length === 0) continue;
      throw refusal(
        scenario,
        part,
        'runs once for the whole load, and a script runs on many machines; what each user can do belongs into start',
      );
    }
    const coded = scenario.tasks.find(({ code }) => code !== undefined);
    if (coded !== undefined) {
      throw refusal(
        scenario,
        `task ${coded.name ?? coded.code}`,
        'is code of a module, which only our engine runs',
      );
    }
    if (engine === 'k6' && scenario.stop.length > 0 && iterationsPerUser === undefined) {
      throw refusal(scenario, 'stop', 'needs the end of a user, which k6 knows only with --iterations');
    }
    const parts: [string, readonly Step[]][] = [
      ['start', scenario.start],
      ['stop', scenario.stop],
      ...scenario.tasks.map(({ steps }, index): [string, readonly Step[]] => [`tasks[${index}]`, steps]),
    ];
    for (const [part, steps] of parts) {
      for (const [index, step] of steps.entries()) {
        const reason = reasonAgainst(step, engine);
        if (reason !== undefined)
          throw refusal(scenario, `${part}, step ${index + 1} (${nameOf(step)})`, reason);
      }
    }
  }
}

function reasonAgainst(step: Step, engine: ExportEngine): string | undefined {
  if (step.kind === 'think' || step.kind === 'session') return undefined;
  const paths = [
    ...step.extract.flatMap(({ from }) => (from.kind === 'json' ? [from.path] : [])),
    ...(step.check?.json ?? []).map(({ path }) => path),
  ];
  const plural = paths.find((path) => singularPath(path) === undefined);
  if (plural !== undefined) {
    return `the JSONPath ${plural} can match several places: only names and indexes, as in $.items[0].id, can be exported`;
  }
  const pattern = step.check?.matches;
  if (engine === 'locust' && pattern !== undefined && onlyJavaScript.test(pattern)) {
    return `the regular expression ${pattern} holds what Python writes otherwise`;
  }
  const secret =
    step.kind === 'http'
      ? Object.entries(step.headers).find(([name, value]) => namesSecret(name) && isLiteral(value))
      : undefined;
  return secret === undefined
    ? undefined
    : `its header ${secret[0]} would stand in the script: a token belongs into GAUGEWAY_TOKEN, another secret into a variable`;
}

function isLiteral(value: string): boolean {
  return value !== '' && literalOf(parseTemplate(value)) !== undefined;
}

function refusal({ name }: Scenario, place: string, reason: string): GaugewayError {
  return new GaugewayError('usage', `${name} cannot be exported: ${place}: ${reason}`);
}
