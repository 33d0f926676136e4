import type { PhaseName, PlanDocument, ProfileEvent } from '../timeline/events.ts';
import type { SampleTypes, SourceName } from '../timeline/samples.ts';
import type { Profile } from '../profile/profile.ts';
import type { RunDocument } from '../run-document.ts';

/** One sample with its place on the timeline. */
export interface Timed<T> {
  atMs: number;
  data: T;
}

/** All samples of one source, by target, in order of time. */
export type Series<S extends SourceName> = Map<string, Timed<SampleTypes[S]>[]>;

export interface Phase {
  name: PhaseName;
  startMs: number;
  endMs: number;
}

/** What rules may ask for: the folded bundle. One line per artifact. */
export interface Artifacts {
  phases: Phase[];
  settings: RunDocument['settings'];
  load: Series<'load'>;
  postgres: Series<'postgres'>;
  statements: Series<'statements'>;
  plans: (PlanDocument & { file: string })[];
  pgbouncer: Series<'pgbouncer'>;
  redis: Series<'redis'>;
  nginx: Series<'nginx'>;
  'access-log': Series<'access-log'>;
  log: Series<'log'>;
  host: Series<'host'>;
  container: Series<'container'>;
  process: Series<'process'>;
  node: Series<'node'>;
  prometheus: Series<'prometheus'>;
  lab: Series<'lab'>;
  profiles: (Omit<ProfileEvent, 'kind'> & { profile: Profile })[];
}
export type ArtifactName = keyof Artifacts;

/** Every artifact, in the order of {@link Artifacts}. */
export const artifactNames = [
  'phases',
  'settings',
  'load',
  'postgres',
  'statements',
  'plans',
  'pgbouncer',
  'redis',
  'nginx',
  'access-log',
  'log',
  'host',
  'container',
  'process',
  'node',
  'prometheus',
  'lab',
  'profiles',
] as const satisfies readonly ArtifactName[];

/** An artifact as the bundle has it: a source that was not given is absent, one that failed is an error. */
export type Slot<T> =
  { status: 'ok'; value: T } | { status: 'absent'; reason: string } | { status: 'error'; error: string };

export type ArtifactSlots = { [K in ArtifactName]: Slot<Artifacts[K]> };

/** Every artifact absent for the same `reason`: what a caller knows is spread over it. */
export function absentArtifacts(reason: string): ArtifactSlots {
  const absent = { status: 'absent', reason } as const;
  return {
    phases: absent,
    settings: absent,
    load: absent,
    postgres: absent,
    statements: absent,
    plans: absent,
    pgbouncer: absent,
    redis: absent,
    nginx: absent,
    'access-log': absent,
    log: absent,
    host: absent,
    container: absent,
    process: absent,
    node: absent,
    prometheus: absent,
    lab: absent,
    profiles: absent,
  };
}
