import type { CollectorSink } from '../../src/lab/collect/collector.ts';
import type { Profile } from '../../src/lab/profile/profile.ts';
import type { PlanDocument, ProfiledThread } from '../../src/lab/timeline/events.ts';
import type { LogDocument } from '../../src/lab/timeline/samples/log-sample.ts';
import type { SampleTypes, SourceName } from '../../src/lab/timeline/samples.ts';
import { messageOf } from '../../src/shared/errors.ts';

/** A sink that keeps in memory what collectors hand over, in order. */
export class RecordingSink implements CollectorSink {
  readonly samples: { [S in SourceName]: SampleTypes[S][] } = {
    load: [],
    postgres: [],
    statements: [],
    pgbouncer: [],
    redis: [],
    nginx: [],
    'access-log': [],
    log: [],
    host: [],
    container: [],
    process: [],
    node: [],
    prometheus: [],
    lab: [],
  };
  readonly costsMs: number[] = [];
  readonly gaps: { source: string; target: string; error: string }[] = [];
  readonly clocks: { source: string; target: string; offsetMs: number; errorMs: number }[] = [];
  readonly profiles: (ProfiledThread & { target: string; profile: Profile })[] = [];
  readonly plans: PlanDocument[] = [];
  readonly logs: LogDocument[] = [];

  sample<S extends SourceName>(source: S, _target: string, costMs: number, data: SampleTypes[S]): void {
    this.costsMs.push(costMs);
    this.samples[source].push(data);
  }

  gap(source: string, target: string, error: unknown): void {
    this.gaps.push({ source, target, error: messageOf(error) });
  }

  clock(source: string, target: string, offsetMs: number, errorMs: number): void {
    this.clocks.push({ source, target, offsetMs, errorMs });
  }

  async profile(target: string, of: ProfiledThread, profile: Profile): Promise<void> {
    this.profiles.push({ target, ...of, profile });
  }

  async log(document: LogDocument): Promise<void> {
    this.logs.push(document);
  }

  async plan(document: PlanDocument): Promise<void> {
    this.plans.push(document);
  }
}
