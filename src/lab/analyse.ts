import { diagnose } from './diagnose/diagnose.ts';
import type { Artifacts, ArtifactSlots } from './diagnose/artifacts.ts';
import { summarizeLoad } from './load/load-statistics.ts';
import { writeReport } from './report/html.ts';
import type { RunDocument } from './run-document.ts';
import { requiredSources } from './required-sources.ts';
import { writeRunDocument } from './timeline/bundle.ts';
import { CollectorTallies } from './timeline/collector-tallies.ts';
import { readBundle, readRunDocument, readSeries } from './timeline/read-bundle.ts';

/** How the run went, which its samples cannot say; kept as it was when a run is analysed again. */
export interface RunOutcome {
  durationMs: number;
  interrupted: boolean;
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
  const { events } = await readSeries(folder);
  const slots = await readBundle(folder);
  const tallies = new CollectorTallies();
  for (const event of events) tallies.count(event);
  const phases = valueOf(slots.phases) ?? [];
  const document: RunDocument = {
    ...opening,
    ...outcome,
    phases,
    load: summarizeLoad(loadOfInterest(slots, phases)),
    collectors: tallies.list().map((tally) => ({ ...tally, required: requiredSources.includes(tally.name) })),
    profiles: (valueOf(slots.profiles) ?? []).map(({ target, pid, startMs, endMs, file }) => ({
      target,
      pid,
      startMs,
      endMs,
      file,
    })),
    ...diagnose(slots),
  };
  await writeRunDocument(folder, document);
  const reportFile = await writeReport(folder, document, events, slots);
  return { document, folder, reportFile };
}

/** The steady phase; the whole load when the run never became steady. */
function loadOfInterest(slots: ArtifactSlots, phases: Artifacts['phases']) {
  const samples = [...(valueOf(slots.load)?.values() ?? [])].flat();
  const steady = phases.find(({ name }) => name === 'steady');
  if (steady === undefined) return samples;
  return samples.filter(
    ({ atMs, data }) =>
      atMs - data.windowMs / 2 >= steady.startMs && atMs - data.windowMs / 2 <= steady.endMs,
  );
}

function valueOf<T>(
  slot: { status: 'ok'; value: T } | { status: 'absent' } | { status: 'error' },
): T | undefined {
  return slot.status === 'ok' ? slot.value : undefined;
}
