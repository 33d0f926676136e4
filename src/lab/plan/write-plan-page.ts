import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { embedInPage, readConsolePage } from '../console-page.ts';
import type { ExplainDocument } from '../look/pg/explain.ts';
import { toMaskedJson } from '../timeline/mask-json.ts';
import { writeAtomically } from '../timeline/write-atomically.ts';

/** Writes plans as one page that opens offline. Throws GaugewayError usage when the file cannot be written. */
export async function writePlanPage(file: string, document: ExplainDocument): Promise<void> {
  const app = await readConsolePage('plan');
  const html = embedInPage(app, 'plan-data', 'Query plans · Gaugeway', JSON.parse(toMaskedJson(document)));
  try {
    await writeAtomically(file, html);
  } catch (cause) {
    throw new GaugewayError('usage', `the page cannot be written: ${messageOf(cause)}`, { cause });
  }
}
