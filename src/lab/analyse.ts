import { analyseCapacity } from './capacity/analyse-capacity.ts';
import { diagnose } from './diagnose/diagnose.ts';
import type { ArtifactSlots, Timed } from './diagnose/artifacts.ts';
import { Analysis } from './diagnose/computed/facts.ts';
import { loadSamplesIn, steadyWindow } from './diagnose/computed/window.ts';
import { summarizeLoad } from './load/load-statistics.ts';
import { ThresholdJudge } from './load/threshold-judge.ts';
import { parseThreshold, type Threshold } from './load/thresholds.ts';
import { writeReport } from './report/html.ts';
import { type RunDocument, runDocumentSchema, type ThresholdResult } from './run-document.ts';
import { requiredSources } from './required-sources.ts';
import { awayTimes } from './timeline/away-times.ts';
import { writeRunDocument } from './timeline/bundle.ts';
import { CollectorTallies } from './timeline/collector-tallies.ts';
import { gapSpans } from './timeline/gap-spans.ts';
import { overheadOf } from './timeline/overhead.ts';
import { phaseFigures } from './timeline/phase-figures.ts';
import type { ObservedLoad } from './timeline/samples.ts';
import { readBundle, readRunDocument, readSeries } from './timeline/read-bundle.ts';

/** How the run went, which its samples cannot say; kept as it was when a run is analysed again. */
export interface RunOutcome {
  durationMs: number;
  interrupted: boolean;
  /** The threshold that ended the load, if one did. */
  abortedBy?: string;
}

export interface AnalysedRun {
  document: RunDocument;
  folder: string;
  reportFile: string;
}

/**
 * The second half of a session: from the bundle on disk to `run.json` and `report.html`. Repeats byte for
 * byte on the same bundle, also on one whose session was killed. Throws GaugewayError usage when `folder`
 * holds no bundle.
 */
export async function analyse(folder: string, outcome?: RunOutcome): Promise<AnalysedRun> {
  const opening = await readRunDocument(folder);
  const series = await readSeries(folder);
  const slots = await readBundle(folder, series);
  const tallies = new CollectorTallies();
  for (const event of series.events) tallies.count(event);
  const samples = loadOfInterest(slots);
  const recorded = { ...opening, ...outcome };
  const gaps = gapSpans(series.events);
  const diagnosis = diagnose(slots);
  const thresholds = (opening.settings.thresholds ?? []).map(parseThreshold);
  const { ramp } = opening.settings;
  const analysed =
    ramp === undefined ? undefined : analyseCapacity(series.events, slots, diagnosis, ramp, thresholds);
  // The keys in the order of the schema, whichever of them the opening document had: the report repeats byte for byte.
  const document = runDocumentSchema.parse({
    ...recorded,
    phases: valueOf(slots.phases) ?? [],
    load: summarizeLoad(samples),
    phaseFigures: phaseFigures(slots, gaps),
    away: awayTimes(gaps, valueOf(slots.phases) ?? [], tallies.list()),
    overhead: overheadOf(slots),
    thresholds: judgeThresholds(thresholds, analysed?.judged ?? samples, recorded.abortedBy),
    ...(analysed === undefined ? {} : { capacity: analysed.capacity }),
    collectors: tallies.list().map((tally) => ({ ...tally, required: requiredSources.includes(tally.name) })),
    profiles: (valueOf(slots.profiles) ?? []).map(({ profile: _profile, ...window }) => window),
    ...diagnosis,
  } satisfies RunDocument);
  await writeRunDocument(folder, document);
  const reportFile = await writeReport(folder, document, series.events, slots);
  return { document, folder, reportFile };
}

/** Holds samples against what was asked for when the run was made. */
function judgeThresholds(
  thresholds: readonly Threshold[],
  samples: readonly Timed<ObservedLoad>[],
  abortedBy: string | undefined,
): ThresholdResult[] {
  const judge = new ThresholdJudge(thresholds);
  for (const { atMs, data } of samples) judge.add(data, atMs);
  return judge.results(abortedBy);
}

/** The window that verdicts are about; all samples of a run that was cut off before it. */
function loadOfInterest(slots: ArtifactSlots): Timed<ObservedLoad>[] {
  const samples = [...(valueOf(slots.load)?.values() ?? [])].flat();
  const window = new Analysis(slots).facts<'phases', never>().find(steadyWindow);
  return window === undefined ? samples : loadSamplesIn(samples, window);
}

function valueOf<T>(
  slot: { status: 'ok'; value: T } | { status: 'absent' } | { status: 'error' },
): T | undefined {
  return slot.status === 'ok' ? slot.value : undefined;
}
