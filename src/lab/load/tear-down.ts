import type { ActingUser } from './acting-user.ts';
import { compileStep } from './compile-step.ts';
import { basePathOf } from './find-endpoint.ts';
import { HttpTarget } from './http-target.ts';
import type { LoadPlan } from './load-plan.ts';
import { McpClient } from './mcp-client.ts';
import type { Wire } from './mcp-wire.ts';
import type { PreparedStep, SetUpScenario } from './preparation.ts';
import { createRandom } from './random.ts';
import { renderVariables } from './scenarios/render-variables.ts';

/**
 * Runs what the scenarios do after a load, outside of its figures, each step whether or not those before it worked: what
 * was set up is to be removed as far as it can be. Gives what failed, a sentence each.
 */
export async function tearDown(
  plan: LoadPlan,
  wire: Wire,
  scenarios: readonly SetUpScenario[],
): Promise<string[]> {
  const failures: string[] = [];
  const target = new HttpTarget(new URL(plan.targetUrl).origin, plan.requestTimeoutMs, plan.tls);
  const context = { wire, token: plan.token, basePath: basePathOf(plan.targetUrl) };
  for (const { name, protocol, variables, found, teardown, endpointPath } of scenarios) {
    const client = new McpClient(target, wire, endpointPath, () => undefined);
    const random = createRandom(plan.seed);
    const user: ActingUser = {
      client,
      random,
      variables: { ...renderVariables(variables, random), ...found },
      pause: () => Promise.resolve(),
    };
    if (protocol === 'mcp' && teardown.length > 0) await client.open();
    for (const [index, step] of teardown.entries()) {
      const failure = await compileStep(step, context)(user, performance.now());
      if (failure === undefined) continue;
      const what = 'name' in step ? step.name : step.kind;
      failures.push(`the teardown of ${name} failed at step ${index + 1} (${what}): ${failure}`);
    }
    await client.close();
  }
  await target.destroy();
  return failures;
}

/** How long that may take, in milliseconds: each of its requests as long as one may. */
export function tearDownLimitMs(
  { requestTimeoutMs }: LoadPlan,
  scenarios: readonly Pick<SetUpScenario, 'teardown'>[],
): number {
  // The handshake of MCP is two requests, and the end of its session one.
  const session = 3;
  const requests = scenarios
    .flatMap(({ teardown }) => (teardown.length === 0 ? [] : [session, ...teardown.map(requestsOf)]))
    .reduce((sum, count) => sum + count, 0);
  return requests * requestTimeoutMs;
  function requestsOf({ kind }: PreparedStep): number {
    return kind === 'session' ? session : 1;
  }
}
