import type { ArtifactSlots, Phase, Timed } from '../diagnose/artifacts.ts';
import { mean, rounded, sum } from '../diagnose/computed/statistics.ts';
import { loadSamplesIn, samplesIn } from '../diagnose/computed/window.ts';
import { processRoles, type ProcessRole } from '../../shared/stack-description.ts';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import { summarizeLoad } from '../load/load-statistics.ts';
import type { RunDocument } from '../run-document.ts';
import type { ChartUnit, SeriesBySource } from './charts/chart-definition.ts';
import { seriesBySource } from './charts.ts';
import type { GapSpan } from './gap-spans.ts';
import { growthIn } from './growth-in-phase.ts';
import { connectionStates, type SampleTypes, type SourceName } from './samples.ts';

export type PhaseFigure = NonNullable<RunDocument['phaseFigures']>[number];

/** What a figure can ask of one phase: all samples of the run, too, for what grows. */
interface PhaseView {
  phase: Phase;
  series: SeriesBySource;
  gaps: readonly GapSpan[];
}

/** A value, or values by what they are of; null where the phase does not tell it. */
type FigureValue = number | null | [part: string, value: number | null][];

interface FigureDefinition {
  title: string;
  unit: ChartUnit;
  of: (view: PhaseView) => FigureValue;
}

/** What a phase is described by, in the order of the table. A figure that no phase tells is left out. */
const definitions: readonly FigureDefinition[] = [
  { title: 'requests', unit: 'per second', of: (view) => loadOf(view)?.rps ?? null },
  { title: 'response time p95', unit: 'ms', of: (view) => loadOf(view)?.p95Ms ?? null },
  {
    title: 'failed requests',
    unit: 'ratio',
    of: (view) => {
      const load = loadOf(view);
      return load === undefined ? null : load.failures / load.requests;
    },
  },
  {
    title: 'CPU',
    unit: 'percent of a core',
    of: (view) => cpuByRole(samplesOf(view.phase, view.series.process)),
  },
  {
    title: 'CPU of containers',
    unit: 'percent of a core',
    of: (view) => cpuByRole(samplesOf(view.phase, view.series.container)),
  },
  {
    title: 'most connections',
    unit: 'connections',
    of: (view) => {
      const samples = samplesOf(view.phase, view.series.postgres);
      const seen = new Set(
        [...view.series.postgres.values()].flatMap((series) =>
          series.flatMap(({ data }) => data.connections.map(({ state }) => state)),
        ),
      );
      return connectionStates
        .filter((state) => seen.has(state))
        .map((state) => [
          state,
          highest(
            samples.map(({ data }) =>
              sum(data.connections.filter((entry) => entry.state === state).map(({ count }) => count)),
            ),
          ),
        ]);
    },
  },
  {
    title: 'transactions',
    unit: 'per second',
    of: (view) =>
      withoutOwn(
        growth(view, 'postgres', ({ database }) => database.xactCommit + database.xactRollback),
        growth(view, 'postgres', ({ ownTransactions = 0 }) => ownTransactions),
      ),
  },
  {
    title: 'rows read sequentially',
    unit: 'rows per second',
    of: (view) =>
      growth(view, 'postgres', ({ tables }) =>
        tables.map(({ schema, table, seqTupRead }) => [`${schema}.${table}`, seqTupRead]),
      ),
  },
  {
    title: 'blocks found in shared buffers',
    unit: 'ratio',
    of: (view) => {
      const hits = growth(view, 'postgres', ({ database }) => database.blksHit);
      const reads = growth(view, 'postgres', ({ database }) => database.blksRead);
      return share(hits, reads);
    },
  },
  {
    title: 'statements',
    unit: 'per second',
    of: (view) =>
      growth(view, 'statements', ({ statements }) =>
        statements.map(({ queryId, calls }) => [queryId, calls]),
      ),
  },
  {
    title: 'most clients waiting for PgBouncer',
    unit: 'connections',
    of: (view) =>
      highest(
        samplesOf(view.phase, view.series.pgbouncer).map(({ data }) =>
          sum(data.pools.map(({ clientsWaiting }) => clientsWaiting)),
        ),
      ),
  },
  {
    title: 'Redis commands',
    unit: 'per second',
    of: (view) =>
      withoutOwn(
        growth(view, 'redis', ({ commands }) => commands),
        growth(view, 'redis', ({ ownCommands }) => ownCommands),
      ),
  },
  {
    title: 'keys found in Redis',
    unit: 'ratio',
    of: (view) =>
      share(
        growth(view, 'redis', ({ hits }) => hits),
        growth(view, 'redis', ({ misses }) => misses),
      ),
  },
  {
    title: 'requests at nginx',
    unit: 'per second',
    of: (view) =>
      withoutOwn(
        growth(view, 'nginx', ({ requests }) => requests),
        growthIn(counted(view.series.nginx), view.phase, (looks) => looks, gapsOf(view, 'nginx')),
      ),
  },
  {
    title: 'p95 at nginx',
    unit: 'ms',
    of: (view) => {
      const sketch = new LatencySketch();
      for (const { data } of samplesOf(view.phase, view.series['access-log'])) sketch.merge(data.requestTime);
      return sketch.count === 0 ? null : sketch.quantileMs(0.95);
    },
  },
  {
    title: 'errors in logs',
    unit: 'per second',
    of: (view) => {
      const samples = samplesOf(view.phase, view.series.log);
      const errors = samples.map(({ data }) => (data.byLevel.error ?? 0) + (data.byLevel.fatal ?? 0));
      return samples.length === 0 ? null : (sum(errors) * 1000) / (view.phase.endMs - view.phase.startMs);
    },
  },
  {
    title: 'event loop delay p99',
    unit: 'ms',
    of: (view) =>
      highest(samplesOf(view.phase, view.series.node).map(({ data }) => data.eventLoopDelayP99Ms)),
  },
  {
    title: 'CPU of this lab',
    unit: 'percent of a core',
    of: (view) => average(samplesOf(view.phase, view.series.lab).map(({ data }) => data.cpuPercent)),
  },
];

/**
 * A row for each figure that some phase tells, with its value in each phase of the run. What the lab did itself is left
 * out, and so are the times in which a source was away (`gaps`). Pure.
 */
export function phaseFigures(artifacts: ArtifactSlots, gaps: readonly GapSpan[] = []): PhaseFigure[] {
  const series = seriesBySource(artifacts);
  const phases = artifacts.phases.status === 'ok' ? artifacts.phases.value : [];
  return definitions.flatMap(({ title, unit, of }) => {
    const rows = new Map<string, PhaseFigure>();
    for (const phase of phases) {
      const told = of({ phase, series, gaps });
      const parts = Array.isArray(told) ? told : [['', told] as const];
      for (const [part, value] of parts) {
        const name = part === '' ? title : `${title}: ${part}`;
        const row = rows.get(name) ?? { title: name, unit, byPhase: {} };
        row.byPhase[phase.name] = value === null ? null : rounded(value, 4);
        rows.set(name, row);
      }
    }
    return [...rows.values()].filter(isTold);
  });
}

function isTold({ byPhase }: PhaseFigure): boolean {
  return Object.values(byPhase).some((value) => value !== null);
}

/** Samples that cover the phase, all targets together; none without the source. */
function samplesOf<T>(phase: Phase, series: ReadonlyMap<string, Timed<T>[]>): Timed<T>[] {
  return [...series.values()].flatMap((samples) => samplesIn(samples, { ...phase, steady: true }));
}

function loadOf({ phase, series }: PhaseView): RunDocument['load'] | undefined {
  const samples = [...series.load.values()].flatMap((each) =>
    loadSamplesIn(each, { ...phase, steady: true }),
  );
  const load = summarizeLoad(samples);
  return load.requests === 0 ? undefined : load;
}

/** Processes of a role together, a process that took another's place among them. */
function cpuByRole(
  samples: readonly Timed<{ role: ProcessRole; cpuPercent: number }>[],
): [string, number | null][] {
  const seconds = new Set(samples.map(({ atMs }) => Math.round(atMs / 1000))).size;
  return processRoles.map((role) => {
    const ofRole = samples.filter(({ data }) => data.role === role);
    return [role, ofRole.length === 0 ? null : sum(ofRole.map(({ data }) => data.cpuPercent)) / seconds];
  });
}

/** Samples by how many there were before: each look at the status page is a request as well. */
function counted(series: SeriesBySource['nginx']): Map<string, Timed<number>[]> {
  return new Map(
    [...series].map(([target, samples]) => [
      target,
      samples.map(({ atMs }, looks) => ({ atMs, data: looks })),
    ]),
  );
}

function growth<S extends SourceName>(
  view: PhaseView,
  source: S,
  read: (data: SampleTypes[S]) => number | Iterable<[name: string, value: number]>,
): number | null {
  return growthIn<SampleTypes[S]>(view.series[source], view.phase, read, gapsOf(view, source));
}

function gapsOf({ gaps }: PhaseView, source: SourceName): GapSpan[] {
  return gaps.filter((gap) => gap.source === source);
}

/** The lab's own part may be told a moment before the server counts it. */
function withoutOwn(all: number | null, own: number | null): number | null {
  return all === null ? null : Math.max(0, all - (own ?? 0));
}

function highest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

function share(part: number | null, rest: number | null): number | null {
  return part === null || rest === null || part + rest === 0 ? null : part / (part + rest);
}
