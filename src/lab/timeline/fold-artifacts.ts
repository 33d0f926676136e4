import type { Artifacts, ArtifactSlots, Phase, Series, Slot } from '../diagnose/artifacts.ts';
import type { GapEvent, SampleEvent, SeriesEvent } from './events.ts';
import { sources, type SourceName } from './samples.ts';

/** A file of the bundle as it could be read. */
export type Stored<T> = { ok: true; value: T } | { ok: false; error: string };
export type StoredProfile = Stored<Artifacts['profiles'][number]>;
export type StoredPlan = Stored<Artifacts['plans'][number]>;

/** Folds the event stream and its files into the artifacts that rules declare. Pure. */
export function foldArtifacts(
  events: readonly SeriesEvent[],
  profiles: readonly StoredProfile[],
  plans: readonly StoredPlan[],
): ArtifactSlots {
  const slot = <S extends SourceName>(source: S): Slot<Series<S>> => {
    const series = seriesOf(events, source);
    return series.size > 0
      ? { status: 'ok', value: series }
      : (withoutSamples(gapsOf(events, source)) ?? { status: 'absent', reason: sources[source] });
  };
  const postgres = slot('postgres');
  return {
    phases: foldPhases(events),
    settings: foldSettings(events),
    load: slot('load'),
    postgres,
    statements: slot('statements'),
    plans: plans.length === 0 && postgres.status !== 'ok' ? postgres : allOf(plans),
    pgbouncer: slot('pgbouncer'),
    redis: slot('redis'),
    nginx: slot('nginx'),
    'access-log': slot('access-log'),
    log: slot('log'),
    host: slot('host'),
    container: slot('container'),
    process: slot('process'),
    node: slot('node'),
    prometheus: slot('prometheus'),
    lab: slot('lab'),
    profiles:
      profiles.length === 0
        ? (withoutSamples(gapsOf(events, 'cpu-profile')) ?? {
            status: 'absent',
            reason: 'no CPU profile was taken',
          })
        : allOf(profiles),
  };
}

/** The phases of a run; one that was cut short ends at the last event. */
function phasesOf(events: readonly SeriesEvent[]): Phase[] {
  const phases: Phase[] = [];
  let lastMs = 0;
  const open = new Map<string, Phase>();
  for (const event of events) {
    lastMs = Math.max(lastMs, 'atMs' in event ? event.atMs : event.endMs);
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

function seriesOf<S extends SourceName>(events: readonly SeriesEvent[], source: S): Series<S> {
  const series: Series<S> = new Map();
  for (const event of events) {
    if (!isSampleOf(event, source)) continue;
    const timed = { atMs: event.atMs, data: event.data };
    const ofTarget = series.get(event.target);
    if (ofTarget) ofTarget.push(timed);
    else series.set(event.target, [timed]);
  }
  for (const samples of series.values()) samples.sort((a, b) => a.atMs - b.atMs);
  return series;
}

function isSampleOf<S extends SourceName>(
  event: SeriesEvent | SampleEvent<S>,
  source: S,
): event is SampleEvent<S> {
  return event.kind === 'sample' && event.source === source;
}

function gapsOf(events: readonly SeriesEvent[], source: GapEvent['source']): GapEvent[] {
  return events.filter((event): event is GapEvent => event.kind === 'gap' && event.source === source);
}

/** Why nothing was read: a failure, or that what is watched does not have the source. Undefined when nobody asked. */
function withoutSamples(gaps: GapEvent[]): Slot<never> | undefined {
  const failures = gaps.filter(({ notApplicable }) => notApplicable !== true);
  const last = failures.at(-1);
  if (last !== undefined) return { status: 'error', error: `${last.target}: ${last.error}` };
  const [first] = gaps;
  return first && { status: 'absent', reason: first.error };
}

function allOf<T>(stored: readonly Stored<T>[]): Slot<T[]> {
  const values: T[] = [];
  for (const each of stored) {
    if (!each.ok) return { status: 'error', error: each.error };
    values.push(each.value);
  }
  return { status: 'ok', value: values };
}
