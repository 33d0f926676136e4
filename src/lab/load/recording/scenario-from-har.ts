import { GaugewayError } from '../../../shared/errors.ts';
import { basePathOf } from '../find-endpoint.ts';
import type { Step } from '../scenarios/scenario.ts';
import { maxSteps } from '../scenarios/scenario-definition.ts';
import { readStep } from '../scenarios/step-definition.ts';
import { writeStep } from '../scenarios/write-definition.ts';

import { expressed } from './express-steps.ts';
import type { Expressed } from './express-steps.ts';
import { groupedName } from './grouped-name.ts';
import { readHar } from './har-file.ts';
import type { Exchange } from './har-file.ts';
import { speaksMcp } from './json-rpc-step.ts';
import { readRecordedStep } from './recorded-step.ts';
import type { RecordedStep } from './recorded-step.ts';
import { LeftOutList, scenarioNameOf } from './recorded-scenario.ts';
import type { RecordedScenario } from './recorded-scenario.ts';
import { rewriteStep } from './rewrite-step.ts';

export interface HarOptions {
  /** URL of the target: its requests are taken where the recording has any, and its path is not part of theirs. */
  target?: string | undefined;
  /** Whether the pauses between requests are kept. */
  think: 'recorded' | 'none';
  /** Whether images, fonts, styles and scripts are kept. */
  assets: boolean;
}

/** Shorter gaps are the browser's own, longer ones a person who did something else. */
const minThinkMs = 100;
const maxThinkMs = 30_000;

/**
 * Makes a scenario of a HAR file: its requests to one origin, in their order, as the one task of each user. Secrets do not
 * get into it. Throws GaugewayError usage for a file that holds no such request.
 */
export async function scenarioFromHar(file: string, options: HarOptions): Promise<RecordedScenario> {
  const { exchanges, unreadable } = await readHar(file);
  const leftOut = new LeftOutList();
  for (let index = 0; index < unreadable; index += 1) leftOut.add('an entry', 'not a request of HAR 1.2');
  const { origin, basePath } = placeOf(exchanges, options.target);
  const recorded = recordedSteps(exchanges, { ...options, origin, basePath, leftOut });
  if (origin === undefined || recorded.length === 0) {
    const reasons = leftOut.list.slice(0, 3).map(({ name, reason }) => `${name} (${reason})`);
    const why = reasons.length === 0 ? 'it is empty' : reasons.join(', ');
    throw new GaugewayError('usage', `${file} holds no request that a load could send: ${why}`);
  }
  const { steps, variables } = expressed(recorded, leftOut);
  const paced = options.think === 'none' ? steps.map(({ step }) => step) : withPauses(steps);
  if (paced.length > maxSteps) {
    leftOut.add(`${paced.length - maxSteps} steps at the end`, `a task has up to ${maxSteps}`);
  }
  return {
    definition: {
      name: scenarioNameOf(file),
      description: `recorded at ${origin}`,
      ...(Object.keys(variables).length === 0 ? {} : { variables }),
      tasks: [{ name: scenarioNameOf(file), steps: paced.slice(0, maxSteps).map(writeStep) }],
    },
    origin,
    leftOut: leftOut.list,
  };
}

/** The target's origin and base path where the recording has requests to it, else the origin that most of them went to. */
function placeOf(
  exchanges: readonly Exchange[],
  target: string | undefined,
): { origin: string | undefined; basePath: string } {
  const counts = new Map<string, number>();
  for (const { url } of exchanges) {
    if (isHttp(url)) counts.set(url.origin, (counts.get(url.origin) ?? 0) + 1);
  }
  const wanted = target === undefined ? undefined : URL.parse(target)?.origin;
  if (target !== undefined && wanted !== undefined && counts.has(wanted)) {
    return { origin: wanted, basePath: basePathOf(target) };
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  return { origin: most?.[0], basePath: '' };
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

function recordedSteps(
  exchanges: readonly Exchange[],
  {
    origin,
    basePath,
    assets,
    leftOut,
  }: HarOptions & { origin: string | undefined; basePath: string; leftOut: LeftOutList },
): RecordedStep[] {
  const here = exchanges.filter(({ url }) => url.origin === origin);
  const mcpPaths = new Set(here.filter(speaksMcp).map(({ url }) => url.pathname));
  for (const path of mcpPaths) {
    const [, server] = /\/servers\/([^/]+)\/mcp\/?$/.exec(path) ?? [];
    if (server !== undefined)
      leftOut.add(`the endpoint ${path}`, `--server ${server} sends its messages there`);
  }
  const recorded: RecordedStep[] = [];
  for (const exchange of exchanges) {
    const { url, method } = exchange;
    if (!isHttp(url) || url.origin !== origin) {
      leftOut.add(isHttp(url) ? url.origin : `${url.protocol} requests`, 'another origin');
      continue;
    }
    const name = `${method} ${groupedName(url.pathname)}`;
    if (basePath !== '' && !url.pathname.startsWith(`${basePath}/`)) {
      leftOut.add(name, `not below the target's ${basePath}`);
      continue;
    }
    const path = url.pathname.slice(basePath.length) + url.search;
    const outcome = readRecordedStep(exchange, path, { assets, mcpPaths });
    if ('reason' in outcome) leftOut.add(name, outcome.reason);
    else if (canBeRead(outcome.step, name, leftOut)) recorded.push(outcome);
  }
  return recorded;
}

/** What no scenario can hold is left out rather than spoiling all of it. */
function canBeRead(step: RecordedStep['step'], name: string, leftOut: LeftOutList): boolean {
  try {
    readStep(writeStep(rewriteStep(step, () => undefined)));
    return true;
  } catch (error) {
    if (!(error instanceof GaugewayError)) throw error;
    leftOut.add(name, error.message);
    return false;
  }
}

/** A pause from the last answer so far to the next request, where there was one. */
function withPauses(steps: readonly Expressed[]): Step[] {
  let endMs: number | undefined;
  return steps.flatMap(({ step, exchange: { startMs, endMs: answeredMs } }) => {
    const gapMs = endMs === undefined ? 0 : startMs - endMs;
    endMs = Math.max(endMs ?? 0, answeredMs);
    const ms = Math.min(maxThinkMs, Math.round(gapMs / 100) * 100);
    return gapMs < minThinkMs ? [step] : [{ kind: 'think', wait: { kind: 'constant', ms } }, step];
  });
}
