import { join } from 'node:path';
import { engineDriver } from '../../src/lab/load/engine-driver.ts';
import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { RunDocument } from '../../src/lab/run-document.ts';
import { runSession } from '../../src/lab/session.ts';
import { createLogger } from '../../src/shared/logger.ts';
import type { StackDescription } from '../../src/shared/stack-description.ts';
import { type EmbeddedStackOptions, startEmbeddedStack } from '../../src/stack/embedded-stack.ts';
import { emptyFolder } from '../support/temporary-folder.ts';

/** The path of a module that Node loads before the gateway. */
export function faultModule(name: string): string {
  return join(import.meta.dirname, `${name}.ts`);
}

/**
 * A session on a stack of its own, under a load so light that nothing but a fault limits anything on a small machine.
 * `extend` may add what else there is to watch, once the stack runs. `bundle` is the folder that the run was written to.
 */
export async function profileStack(
  folder: string,
  name: string,
  options: Partial<EmbeddedStackOptions>,
  extend: (stack: StackDescription) => Promise<StackDescription> = async (stack) => stack,
): Promise<RunDocument & { bundle: string }> {
  const logger = createLogger('error');
  await using running = await startEmbeddedStack({ ...options, dataFolder: join(folder, 'data'), logger });
  const stack = await extend(running.description);
  const { gatewayUrl, token } = stack;
  const bundle = await emptyFolder(folder, name);
  const { document } = await runSession({
    outFolder: bundle,
    id: name,
    name,
    stack,
    load: engineDriver(
      createLoadPlan({
        targetUrl: gatewayUrl,
        ...(token === undefined ? {} : { token }),
        users: 16,
        spawnRate: 16,
        wait: { kind: 'between', minMs: 100, maxMs: 300 },
      }),
    ),
    baselineMs: 500,
    durationMs: 8000,
    coolDownMs: 500,
    thresholds: [],
    abortOnFail: false,
    versions: {},
    logger,
    signal: new AbortController().signal,
  });
  return { ...document, bundle };
}
