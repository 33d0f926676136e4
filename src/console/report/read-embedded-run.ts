import type { EmbeddedRun, ReportData } from '../../lab/report/report-data.ts';
import type { RunDocument } from '../../lab/run-document.ts';

/** Reads the run out of the page. Throws with a line that a reader can act on when there is none. */
export function readEmbeddedRun(): { document: RunDocument; data: Promise<ReportData> } {
  const text = document.getElementById('run-data')?.textContent ?? '';
  if (text.trim() === '')
    throw new Error('This page holds no run: it is the report app itself, not a report.');
  // Written by the renderer of this very app (lab/report/html.ts), so its shape is known.
  const embedded: EmbeddedRun = JSON.parse(text);
  return { document: embedded.document, data: inflate(embedded.data) };
}

async function inflate(base64: string): Promise<ReportData> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const data: ReportData = await new Response(stream).json();
  return data;
}
