import { defineFact } from './facts.ts';
import { mean, sum } from './statistics.ts';
import { samplesIn, steadyWindow } from './window.ts';

/** Waits of a session that is active for its client only: it sends or receives. */
const waitsOutside = new Set(['Client', 'Activity']);

/**
 * Average active sessions of PostgreSQL over the window: those that run or wait for something of the server. More of
 * them than cores means that they wait for each other. Undefined when none was sampled.
 */
export const activeSessions = defineFact(
  ['phases', 'postgres'],
  ({ postgres }, facts): number | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const samples = [...postgres.values()].flatMap((series) => samplesIn(series, window, 0));
    if (samples.length === 0) return undefined;
    return mean(
      samples.map(({ data }) =>
        sum(data.activeByWait.filter(({ wait }) => !waitsOutside.has(wait)).map(({ count }) => count)),
      ),
    );
  },
);
