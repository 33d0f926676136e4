import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import type { ArtifactSlots } from '../diagnose/artifacts.ts';
import { fromCpuProfile } from '../profile/from-cpuprofile.ts';
import { runDocumentSchema, type RunDocument } from '../run-document.ts';
import { documentFile, seriesFile } from './bundle.ts';
import type { PlanDocument, ProfileEvent } from './events.ts';
import { foldArtifacts, type StoredPlan, type StoredProfile } from './fold-artifacts.ts';
import { parseSeries, type ParsedSeries } from './parse-series.ts';

/** Reads `run.json`; a missing or unfit file is a `usage` error that names the folder. */
export async function readRunDocument(folder: string): Promise<RunDocument> {
  const text = await readBundleFile(folder, documentFile);
  const parsed = runDocumentSchema.safeParse(parseJson(text, join(folder, documentFile)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new GaugewayError(
    'usage',
    `${join(folder, documentFile)} is not a run document: ${issue?.path.join('.')} ${issue?.message}`,
    { cause: parsed.error },
  );
}

/** The stream of a bundle, with the count of lines that were skipped (cut off by a kill, or of a newer kind). */
export async function readSeries(folder: string): Promise<ParsedSeries> {
  return parseSeries(await readBundleFile(folder, seriesFile));
}

/**
 * Folds a bundle back into what rules ask for; its stream is not read again when it is given. Works on a run that
 * was killed in the middle.
 */
export async function readBundle(folder: string, series?: ParsedSeries): Promise<ArtifactSlots> {
  const { events } = series ?? (await readSeries(folder));
  const profiles: StoredProfile[] = [];
  const plans: StoredPlan[] = [];
  for (const event of events) {
    if (event.kind === 'profile') profiles.push(await readProfile(folder, event));
    if (event.kind === 'plan') plans.push(await readPlan(folder, event.file));
  }
  return foldArtifacts(events, profiles, plans);
}

async function readProfile(folder: string, { kind: _kind, ...window }: ProfileEvent): Promise<StoredProfile> {
  const { target, startMs, endMs, file } = window;
  try {
    const document = parseJson(await readFile(join(folder, file), 'utf8'), file);
    const profile = fromCpuProfile(document, { name: target, startMs, endMs });
    return { ok: true, value: { ...window, profile } };
  } catch (error) {
    return { ok: false, error: `${file}: ${messageOf(error)}` };
  }
}

async function readPlan(folder: string, file: string): Promise<StoredPlan> {
  try {
    const document = parseJson(await readFile(join(folder, file), 'utf8'), file);
    if (!isPlanDocument(document)) return { ok: false, error: `${file}: not a plan document` };
    return { ok: true, value: { ...document, file } };
  } catch (error) {
    return { ok: false, error: `${file}: ${messageOf(error)}` };
  }
}

/** Tells a foreign file from one of ours; the bundle is our own format, so its fields follow. */
function isPlanDocument(value: unknown): value is PlanDocument {
  return typeof value === 'object' && value !== null && 'queryId' in value && 'sequentialScans' in value;
}

async function readBundleFile(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (cause) {
    const why = hasErrorCode(cause, 'ENOENT', 'ENOTDIR') ? `it has no ${name}` : messageOf(cause);
    throw new GaugewayError('usage', `${folder} is not a run bundle: ${why}`, { cause });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GaugewayError('usage', `${file} is not JSON: ${messageOf(cause)}`, { cause });
  }
}
