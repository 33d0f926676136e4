import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { embedInPage, readConsolePage } from '../console-page.ts';
import type { ArtifactSlots } from '../diagnose/artifacts.ts';
import type { RunDocument } from '../run-document.ts';
import type { SeriesEvent } from '../timeline/events.ts';
import { writeAtomically } from '../timeline/write-atomically.ts';
import {
  foldProfiles,
  foldReportData,
  profilesOf,
  type EmbeddedRun,
  type ReportData,
} from './report-data.ts';
import { estimateBytes, type ProfileDetail } from './report-profiles.ts';

const reportFile = 'report.html';
/** A report must stay small enough to be mailed and to open at once: 1.5 MB, less some room. */
const maxReportBytes = 1_450_000;
/** Tried in order until the report fits; the whole profiles stay in the bundle. */
const details: readonly ProfileDetail[] = [
  { minShare: 0.001, keepSamples: true },
  { minShare: 0.005, keepSamples: true },
  { minShare: 0.005, keepSamples: true, sampleMs: 1000 },
  { minShare: 0.02, keepSamples: true, sampleMs: 1000 },
  { minShare: 0.02, keepSamples: false },
  { minShare: 0.02, keepSamples: false, joinedMs: 30_000 },
  { minShare: 0.02, keepSamples: false, joinedMs: 120_000 },
  { minShare: 0.02, keepSamples: false, joinedMs: 600_000 },
  { minShare: 0.05, keepSamples: false, joinedMs: 24 * 3_600_000 },
];
/** A detail is not tried when its profiles alone seem to need more than this times the room: each try costs seconds. */
const hopeless = 1.1;
/** What base64 makes of a byte. */
const base64Bytes = 4 / 3;

/**
 * Writes `report.html` into the bundle and gives its path. Throws GaugewayError `config_invalid` when the
 * browser app was not built.
 */
export async function writeReport(
  folder: string,
  document: RunDocument,
  events: readonly SeriesEvent[],
  artifacts: ArtifactSlots,
): Promise<string> {
  const app = await readConsolePage('report');
  const data = foldReportData(events, artifacts);
  const profiles = profilesOf(artifacts);
  let html = '';
  for (const [at, detail] of details.entries()) {
    const isLast = at === details.length - 1;
    if (!isLast && estimateBytes(profiles, detail) * base64Bytes > maxReportBytes * hopeless) continue;
    html = renderReport(app, document, { ...data, ...foldProfiles(artifacts, detail) });
    if (Buffer.byteLength(html) <= maxReportBytes) break;
  }
  const path = join(folder, reportFile);
  await writeAtomically(path, html);
  return path;
}

/** The built single-file app with the run in it: one page that opens offline, from a file. Pure. */
export function renderReport(app: string, document: RunDocument, data: ReportData): string {
  const embedded: EmbeddedRun = { document, data: gzipSync(JSON.stringify(data)).toString('base64') };
  return embedInPage(app, 'run-data', `${document.name} · Gaugeway report`, embedded);
}
