import { GaugewayError } from '../../../shared/errors.ts';
import { HttpTarget } from '../http-target.ts';
import type { LoadPlan, LoadPlanSummary } from '../load-plan.ts';
import { createWire } from '../mcp-wire.ts';
import { prepareLoad } from '../prepare-load.ts';
import { checkExpressible } from './expressible.ts';
import type { ExportEngine } from './expressible.ts';
import { k6Script } from './k6-script.ts';
import { locustScript } from './locust-script.ts';
import { scriptModel } from './script-model.ts';
import type { ScriptModel } from './script-model.ts';

export interface ExportedLoad {
  script: string;
  /** What the script says only nearly, a sentence each; it holds them as comments too. */
  notes: string[];
  leftOut: LoadPlanSummary['leftOut'];
}

/**
 * Writes a load as a script of another engine. Asks the target once what it has, so that the script asks what our own
 * engine would. Throws GaugewayError usage for what the script cannot say, `source_unreadable` when the target cannot be
 * asked.
 */
export async function exportLoad(
  engine: ExportEngine,
  plan: LoadPlan,
  options: Pick<ScriptModel, 'thresholds' | 'abortOnFail' | 'runTimeMs'>,
): Promise<ExportedLoad> {
  checkExpressible(plan, engine);
  const bySecond = options.thresholds.find(({ eachSecond }) => eachSecond);
  if (bySecond !== undefined) {
    throw new GaugewayError('usage', `threshold '${bySecond.text}': ${engine} judges a test as a whole only`);
  }
  const target = new HttpTarget(new URL(plan.targetUrl).origin, plan.requestTimeoutMs, plan.tls);
  try {
    const preparation = await prepareLoad(plan, target, createWire(plan.era, plan.token));
    const model = scriptModel(plan, preparation, options);
    const written = engine === 'locust' ? locustScript(model) : k6Script(model);
    return { ...written, leftOut: preparation.summary.leftOut };
  } finally {
    await target.destroy();
  }
}
