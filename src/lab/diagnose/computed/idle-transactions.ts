import type { PostgresSample } from '../../timeline/samples.ts';
import { defineFact } from './facts.ts';
import { mean, quantile, sum } from './statistics.ts';
import { samplesIn, steadyWindow } from './window.ts';

/** Sessions that are idle in a transaction, of one kind, over the window. */
export interface IdleTransactions {
  samples: number;
  /** What three quarters of the samples do not exceed: a leak grows, a blip does not count. */
  count: number;
  maxAgeS: number;
  /** Of the client connections seen, 0..1. */
  connectionShare: number;
  /** What these sessions ran last, most sessions first. */
  queries: { query: string; applicationName: string; meanCount: number }[];
}

export interface IdleTransactionsByKind {
  /** The last statement was a bare probe such as `SELECT 1`: the sign of a health check. */
  probes: IdleTransactions;
  others: IdleTransactions;
}

type Group = PostgresSample['idleInTransaction'][number];

const probe =
  /^\s*(?:\/\*.*?\*\/\s*)?select\s+(?:\$?\d+|true|version\(\)|now\(\)|current_timestamp|'[^']{0,8}')(?:\s*::\s*\w+)?(?:\s+as\s+\S+)?\s*;?\s*$/is;

/** Whether a statement asks nothing but "are you there". */
function isHealthProbe(query: string): boolean {
  return probe.test(query);
}

/** Undefined when PostgreSQL was not sampled in the window. */
export const idleTransactions = defineFact(
  ['phases', 'postgres'],
  ({ postgres }, facts): IdleTransactionsByKind | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const samples = [...postgres.values()].flatMap((series) => samplesIn(series, window, 0));
    if (samples.length === 0) return undefined;
    const looks = samples.map(({ data }) => lookAt(data));
    return {
      probes: summarise(looks.map(({ probes, connections }) => ({ ...probes, connections }))),
      others: summarise(looks.map(({ others, connections }) => ({ ...others, connections }))),
    };
  },
);

interface Look {
  count: number;
  maxAgeS: number;
  groups: Group[];
  connections: number;
}

function lookAt(sample: PostgresSample): {
  probes: Omit<Look, 'connections'>;
  others: Omit<Look, 'connections'>;
  connections: number;
} {
  const idle = sample.connections.filter(({ state }) => state.startsWith('idle in transaction'));
  const probes = sample.idleInTransaction.filter(({ query }) => isHealthProbe(query));
  const others = sample.idleInTransaction.filter(({ query }) => !isHealthProbe(query));
  const probeCount = sum(probes.map(({ count }) => count));
  return {
    probes: { count: probeCount, maxAgeS: oldest(probes), groups: probes },
    // Only the oldest groups are listed, so what is not listed is counted by the state.
    others: {
      count: Math.max(0, sum(idle.map(({ count }) => count)) - probeCount),
      maxAgeS: oldest(others),
      groups: others,
    },
    connections: sum(sample.connections.map(({ count }) => count)),
  };
}

function oldest(groups: readonly Group[]): number {
  return Math.max(0, ...groups.map(({ maxAgeS }) => maxAgeS));
}

function upperQuartile(values: readonly number[]): number {
  return quantile(values, 0.75);
}

function summarise(looks: readonly Look[]): IdleTransactions {
  return {
    samples: looks.length,
    count: Math.round(upperQuartile(looks.map(({ count }) => count))),
    maxAgeS: upperQuartile(looks.map(({ maxAgeS }) => maxAgeS)),
    connectionShare: mean(
      looks.map(({ count, connections }) => (connections === 0 ? 0 : count / connections)),
    ),
    queries: queriesOf(looks),
  };
}

function queriesOf(looks: readonly Look[]): IdleTransactions['queries'] {
  const byQuery = new Map<string, { query: string; applicationName: string; meanCount: number }>();
  for (const { query, applicationName, count } of looks.flatMap(({ groups }) => groups)) {
    const key = JSON.stringify([query, applicationName]);
    const known = byQuery.get(key) ?? { query, applicationName, meanCount: 0 };
    byQuery.set(key, { ...known, meanCount: known.meanCount + count / looks.length });
  }
  return [...byQuery.values()].toSorted((a, b) => b.meanCount - a.meanCount || (a.query < b.query ? -1 : 1));
}
