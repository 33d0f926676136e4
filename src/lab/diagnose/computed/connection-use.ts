import { defineFact } from './facts.ts';
import { median, sum } from './statistics.ts';
import { samplesIn, steadyWindow } from './window.ts';

export interface ConnectionUse {
  /** Median over the samples. */
  used: number;
  /** `max_connections` of the server. */
  most: number;
}

/** Connections to PostgreSQL over the window; undefined when none was sampled in it. */
export const connectionUse = defineFact(
  ['phases', 'postgres'],
  ({ postgres }, facts): ConnectionUse | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const samples = [...postgres.values()].flatMap((series) =>
      samplesIn(series, window).map(({ data }) => data),
    );
    const last = samples.at(-1);
    if (last === undefined) return undefined;
    const used = samples.map(({ connections }) => sum(connections.map(({ count }) => count)));
    return { used: median(used), most: last.maxConnections };
  },
);
