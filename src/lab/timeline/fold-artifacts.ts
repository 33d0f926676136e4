import type { Artifacts, ArtifactSlots, Phase, Series, Slot, Timed } from '../diagnose/artifacts.ts';
import type { GapEvent, SampleEvent, SeriesEvent } from './events.ts';
import type { SourceName } from './samples.ts';

/** A file of the bundle as it could be read. */
export type Stored<T> = { ok: true; value: T } | { ok: false; error: string };
export type StoredProfile = Stored<Artifacts['profiles'][number]>;
export type StoredPlan = Stored<Artifacts['plans'][number]>;

/** What to say about a source that nobody asked for. */
const absentReasons = {
  load: 'no load was sent',
  postgres: 'no PostgreSQL was given',
  statements: 'no PostgreSQL was given',
  process: 'no process was given',
  node: 'no Node process was given',
  prometheus: 'the gateway exposes no Prometheus metrics here',
} satisfies Record<SourceName, string>;

/** Folds the event stream and its files into the artifacts that rules declare. Pure. */
export function foldArtifacts(
  events: readonly SeriesEvent[],
  profiles: readonly StoredProfile[],
  plans: readonly StoredPlan[],
): ArtifactSlots {
  const all = foldSamples(events);
  const slot = <S extends SourceName>(source: S): Slot<AllSeries[S]> =>
    all[source].size > 0
      ? { status: 'ok', value: all[source] }
      : (failure(gapsOf(events, source)) ?? { status: 'absent', reason: absentReasons[source] });
  const postgres = slot('postgres');
  return {
    phases: foldPhases(events),
    settings: foldSettings(events),
    load: slot('load'),
    postgres,
    statements: slot('statements'),
    plans: plans.length === 0 && postgres.status !== 'ok' ? postgres : allOf(plans),
    process: slot('process'),
    node: slot('node'),
    prometheus: slot('prometheus'),
    profiles:
      profiles.length === 0
        ? (failure(gapsOf(events, 'cpu-profile')) ?? { status: 'absent', reason: 'no CPU profile was taken' })
        : allOf(profiles),
  };
}

/** The phases of a run; one that was cut short ends at the last event. */
function phasesOf(events: readonly SeriesEvent[]): Phase[] {
  const phases: Phase[] = [];
  let lastMs = 0;
  const open = new Map<string, Phase>();
  for (const event of events) {
    lastMs = Math.max(lastMs, event.kind === 'profile' ? event.endMs : event.atMs);
    if (event.kind !== 'phase') continue;
    if (event.edge === 'start') {
      const phase = { name: event.phase, startMs: event.atMs, endMs: event.atMs };
      phases.push(phase);
      open.set(event.phase, phase);
    } else {
      const phase = open.get(event.phase);
      if (phase) phase.endMs = event.atMs;
      open.delete(event.phase);
    }
  }
  for (const phase of open.values()) phase.endMs = lastMs;
  return phases;
}

function foldPhases(events: readonly SeriesEvent[]): Slot<Phase[]> {
  const phases = phasesOf(events);
  return phases.length > 0
    ? { status: 'ok', value: phases }
    : { status: 'absent', reason: 'the run has no phases' };
}

function foldSettings(events: readonly SeriesEvent[]): ArtifactSlots['settings'] {
  const event = events.find((each) => each.kind === 'settings');
  return event
    ? { status: 'ok', value: event.settings }
    : { status: 'absent', reason: 'the run does not say what was asked for' };
}

type AllSeries = { [S in SourceName]: Series<S> };

function foldSamples(events: readonly SeriesEvent[]): AllSeries {
  const all: AllSeries = {
    load: new Map(),
    postgres: new Map(),
    statements: new Map(),
    process: new Map(),
    node: new Map(),
    prometheus: new Map(),
  };
  for (const event of events) if (event.kind === 'sample') addSample(all, event);
  for (const series of Object.values(all)) {
    for (const samples of series.values()) samples.sort((a, b) => a.atMs - b.atMs);
  }
  return all;
}

function addSample(all: AllSeries, event: SampleEvent): void {
  switch (event.source) {
    case 'load':
      return put(all.load, event);
    case 'postgres':
      return put(all.postgres, event);
    case 'statements':
      return put(all.statements, event);
    case 'process':
      return put(all.process, event);
    case 'node':
      return put(all.node, event);
    case 'prometheus':
      return put(all.prometheus, event);
  }
}

function put<T>(series: Map<string, Timed<T>[]>, event: { target: string; atMs: number; data: T }): void {
  const timed = { atMs: event.atMs, data: event.data };
  const ofTarget = series.get(event.target);
  if (ofTarget) ofTarget.push(timed);
  else series.set(event.target, [timed]);
}

function gapsOf(events: readonly SeriesEvent[], source: GapEvent['source']): GapEvent[] {
  return events.filter((event): event is GapEvent => event.kind === 'gap' && event.source === source);
}

function failure(gaps: GapEvent[]): { status: 'error'; error: string } | undefined {
  const last = gaps.at(-1);
  return last && { status: 'error', error: `${last.target}: ${last.error}` };
}

function allOf<T>(stored: readonly Stored<T>[]): Slot<T[]> {
  const values: T[] = [];
  for (const each of stored) {
    if (!each.ok) return { status: 'error', error: each.error };
    values.push(each.value);
  }
  return { status: 'ok', value: values };
}
