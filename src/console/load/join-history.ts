import type { LoadMoment } from '../../lab/load/web/stats-answer.ts';

/** Two hours of seconds, as many as the server keeps. */
const maxHistory = 7_200;

/** The moments that are known and the later ones of those that come; after a lost connection some may come twice. */
export function joinHistory(known: readonly LoadMoment[], coming: readonly LoadMoment[]): LoadMoment[] {
  const lastMs = known.at(-1)?.atMs ?? 0;
  return [...known, ...coming.filter(({ atMs }) => atMs > lastMs)].slice(-maxHistory);
}
