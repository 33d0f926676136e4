import type { ActingUser } from './acting-user.ts';
import { compileStep } from './compile-step.ts';
import { basePathOf } from './find-endpoint.ts';
import { HttpTarget } from './http-target.ts';
import type { LoadPlan } from './load-plan.ts';
import { McpClient } from './mcp-client.ts';
import type { Wire } from './mcp-wire.ts';
import type { Preparation } from './preparation.ts';
import { createRandom } from './random.ts';
import { renderVariables } from './scenarios/render-variables.ts';

/**
 * Runs what the scenarios do after a load, outside of its figures, each step whether or not those before it worked: what
 * was set up is to be removed as far as it can be.
 */
export async function tearDown(
  plan: LoadPlan,
  wire: Wire,
  { scenarios, endpointPath }: Preparation,
): Promise<void> {
  if (scenarios.every(({ teardown }) => teardown.length === 0)) return;
  const target = new HttpTarget(new URL(plan.targetUrl).origin, plan.requestTimeoutMs, plan.tls);
  const context = { wire, token: plan.token, basePath: basePathOf(plan.targetUrl) };
  for (const { protocol, variables, found, teardown } of scenarios) {
    const client = new McpClient(target, wire, endpointPath, () => undefined);
    const random = createRandom(plan.seed);
    const user: ActingUser = {
      client,
      random,
      variables: { ...renderVariables(variables, random), ...found },
      pause: () => Promise.resolve(),
    };
    if (protocol === 'mcp' && teardown.length > 0) await client.open();
    for (const step of teardown) await compileStep(step, context)(user, performance.now());
    await client.close();
  }
  await target.destroy();
}
