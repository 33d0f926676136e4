import { ZodError } from 'zod';
import type { ArtifactSlots, Artifacts } from '../diagnose/artifacts.ts';
import { limitsWith } from '../look/limits.ts';
import { type PlanReading, readPlan } from '../plan/read-plan.ts';
import type { RunDocument } from '../run-document.ts';
import { foldCharts, type ChartSet } from '../timeline/charts.ts';
import type { SeriesEvent } from '../timeline/events.ts';
import { type GapSpan, gapSpans } from '../timeline/gap-spans.ts';
import { compareWindows, type WindowComparison } from './worst-window.ts';
import { type ProfileDetail, type ReportProfile, reportProfiles } from './report-profiles.ts';

/** What the report shows beside the result document: everything is embedded, nothing is fetched. */
export interface ReportData extends ReportProfiles {
  charts: ChartSet;
  plans: ReportPlan[];
  /** Every moment at which a source could not be read. */
  gaps: { atMs: number; source: string; target: string; error: string }[];
  /** The times between them, for the charts. */
  gapSpans: GapSpan[];
}

/** The profiles of a report. */
export interface ReportProfiles {
  profiles: ReportProfile[];
  /** How much of the profiles that is: less, the longer the run was. */
  profileDetail: ProfileDetail;
  /** The profile window with the slowest requests and a quiet one, where there are such. */
  comparison?: WindowComparison | undefined;
}

/** A plan that was read; `reading` is null for one that cannot be, and `plan` is kept only then. */
export type ReportPlan = Omit<Artifacts['plans'][number], 'plan'> & {
  reading: PlanReading | null;
  plan: unknown;
};

/** The JSON of the report's `run-data` element: the document as it is, the bulky rest as base64 of gzip of JSON. */
export interface EmbeddedRun {
  document: RunDocument;
  data: string;
}

const maxGaps = 200;

/** Folds a run's stream and artifacts into what the report embeds beside the profiles. Pure. */
export function foldReportData(
  events: readonly SeriesEvent[],
  artifacts: ArtifactSlots,
): Omit<ReportData, keyof ReportProfiles> {
  return {
    charts: foldCharts(artifacts),
    plans: artifacts.plans.status === 'ok' ? artifacts.plans.value.map(reportPlan) : [],
    gaps: events
      .filter((event) => event.kind === 'gap')
      .slice(0, maxGaps)
      .map(({ atMs, source, target, error }) => ({ atMs, source, target, error })),
    gapSpans: gapSpans(events).slice(0, maxGaps),
  };
}

/** Folds a run's profiles into what the report embeds of them. Pure. */
export function foldProfiles(artifacts: ArtifactSlots, detail: ProfileDetail): ReportProfiles {
  const profiles = reportProfiles(profilesOf(artifacts), detail);
  return {
    profiles,
    profileDetail: detail,
    comparison: compareWindows({ load: artifacts.load, profiles: { status: 'ok', value: profiles } }),
  };
}

/** A bundle may be older than the reader, or made by hand: what it cannot read is shown as it is. */
function reportPlan({ plan, ...document }: Artifacts['plans'][number]): ReportPlan {
  try {
    return { ...document, reading: readPlan({ ...document, plan }, limitsWith({})), plan: null };
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    return { ...document, reading: null, plan };
  }
}

/** The profiles that were taken, none where there are none. */
export function profilesOf({ profiles }: ArtifactSlots): Artifacts['profiles'] {
  return profiles.status === 'ok' ? profiles.value : [];
}
