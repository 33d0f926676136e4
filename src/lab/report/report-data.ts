import { ZodError } from 'zod';
import type { ArtifactSlots, Artifacts } from '../diagnose/artifacts.ts';
import { limitsWith } from '../look/limits.ts';
import { type PlanReading, readPlan } from '../plan/read-plan.ts';
import type { Profile } from '../profile/profile.ts';
import type { RunDocument } from '../run-document.ts';
import { foldCharts, type ChartSet } from '../timeline/charts.ts';
import type { SeriesEvent, ProfileEvent } from '../timeline/events.ts';
import { type GapSpan, gapSpans } from '../timeline/gap-spans.ts';
import { compareWindows, type WindowComparison } from './worst-window.ts';
import { packProfile, type PackDetail, type PackedProfile } from '../profile/pack-profile.ts';

/** What the report shows beside the result document: everything is embedded, nothing is fetched. */
export interface ReportData {
  charts: ChartSet;
  plans: ReportPlan[];
  profiles: ReportProfile[];
  /** Within this time of each other the samples of a profile have no order; null when none of them does. */
  profileStepMs: number | null;
  /** The profile window with the slowest requests and a quiet one, where there are such. */
  comparison?: WindowComparison | undefined;
  /** Every moment at which a source could not be read. */
  gaps: { atMs: number; source: string; target: string; error: string }[];
  /** The times between them, for the charts. */
  gapSpans: GapSpan[];
}

/** A plan that was read; `reading` is null for one that cannot be, and `plan` is kept only then. */
export type ReportPlan = Omit<Artifacts['plans'][number], 'plan'> & {
  reading: PlanReading | null;
  plan: unknown;
};

/** A profile window; its `file` is the whole profile within the bundle. */
export type ReportProfile = Omit<ProfileEvent, 'kind'> & { profile: PackedProfile };

/** The JSON of the report's `run-data` element: the document as it is, the bulky rest as base64 of gzip of JSON. */
export interface EmbeddedRun {
  document: RunDocument;
  data: string;
}

const maxGaps = 200;

/** Folds a run's stream and artifacts into what the report embeds. Pure. */
export function foldReportData(
  events: readonly SeriesEvent[],
  artifacts: ArtifactSlots,
  detail: PackDetail,
): ReportData {
  return {
    charts: foldCharts(artifacts),
    plans: artifacts.plans.status === 'ok' ? artifacts.plans.value.map(reportPlan) : [],
    profiles: windowsOf(artifacts).map(({ profile, ...window }) => ({
      ...window,
      profile: packProfile(profile, detail),
    })),
    profileStepMs: detail.keepSamples ? (detail.sampleMs ?? 0) : null,
    comparison: compareWindows(artifacts),
    gaps: events
      .filter((event) => event.kind === 'gap')
      .slice(0, maxGaps)
      .map(({ atMs, source, target, error }) => ({ atMs, source, target, error })),
    gapSpans: gapSpans(events).slice(0, maxGaps),
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

function windowsOf({ profiles }: ArtifactSlots): (Artifacts['profiles'][number] & { profile: Profile })[] {
  return profiles.status === 'ok' ? profiles.value : [];
}
