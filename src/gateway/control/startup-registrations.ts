import { sleep } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { CatalogService } from './catalog-service.ts';

/** An upstream that the command line names. */
export interface StartupRegistration {
  name: string;
  url: string;
}

const firstRetryMs = 1000;
const maxRetryMs = 30_000;

/**
 * Registers upstreams that are not registered yet. One that is down is tried again in the background; the
 * gateway counts as ready once each was tried. `pending` names those that were not.
 */
export function registerAtStart(
  service: CatalogService,
  registrations: readonly StartupRegistration[],
  logger: Logger,
  signal: AbortSignal,
): { pending: () => string[]; done: Promise<void> } {
  const untried = new Set(registrations.map(({ name }) => name));

  async function register({ name, url }: StartupRegistration): Promise<void> {
    for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(maxRetryMs, retryMs * 2)) {
      const known = service.contents.gateways.find((gateway) => gateway.name === name);
      if (known !== undefined) {
        if (known.url !== new URL(url).href)
          logger.warn('registered with another URL, which stays', { name });
        return;
      }
      try {
        await service.addGateway({ name, url, description: null }, signal);
        logger.info('upstream registered', { name });
        return;
      } catch (error) {
        if (signal.aborted) {
          logger.debug('registration ended by the shutdown', { name, error: messageOf(error) });
          return;
        }
        const retryable =
          error instanceof GaugewayError && (error.spec.retryable || error.code === 'conflict');
        logger.warn('upstream not registered', { name, error: messageOf(error), retryable });
        if (!retryable) return;
      } finally {
        untried.delete(name);
      }
      await sleep(retryMs, signal);
    }
  }

  return {
    pending: () => [...untried],
    done: Promise.all(
      registrations.map(async (registration) => {
        await register(registration);
        untried.delete(registration.name);
      }),
    ).then(() => undefined),
  };
}
