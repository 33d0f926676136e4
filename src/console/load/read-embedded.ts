import type { Embedded } from '../../lab/load/web/stats-answer.ts';

/** What the page was written with. */
export function readEmbedded(): Embedded {
  const text = document.getElementById('load-data')?.textContent ?? '';
  if (text.trim() === '') return { kind: 'live', canLogOut: false };
  // Written for this very page (lab/load/web), so its shape is known.
  return JSON.parse(text);
}
