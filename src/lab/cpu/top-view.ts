import { type TopOrder, topOrders } from './function-tally.ts';

/** What of the measured a user of `cpu top` wants to see. */
export interface TopView {
  order: TopOrder;
  /** The process or thread that is shown alone, by its place; null for all of them added up. */
  only: number | null;
  /** Processes are split into their threads. */
  threads: boolean;
  /** The screen stands still; measuring goes on. */
  frozen: boolean;
  help: boolean;
}

export const firstView: TopView = {
  order: 'own',
  only: null,
  threads: false,
  frozen: false,
  help: false,
};

/** What a key does beside changing the view. */
export type TopAct = 'reset' | 'quit' | 'none';

/** `places`: how many processes (or threads) there are to choose from. Keys that mean nothing change nothing. */
export function pressKey(view: TopView, key: string, places: number): { view: TopView; act: TopAct } {
  const order = topOrders[Number(key) - 1];
  if (order !== undefined) return { view: { ...view, order }, act: 'none' };
  switch (key) {
    case 'q':
    case 'Q':
    case '\u0003':
    case '\u0004':
      return { view, act: 'quit' };
    case 'r':
    case 'R':
      return { view, act: 'reset' };
    case 'f':
    case ' ':
      return { view: { ...view, frozen: !view.frozen }, act: 'none' };
    case 'm':
      return { view: { ...view, only: null }, act: 'none' };
    case 'p':
      return { view: { ...view, only: nextPlace(view.only, places) }, act: 'none' };
    case 't':
      return { view: { ...view, threads: !view.threads, only: null }, act: 'none' };
    case 'h':
    case '?':
      return { view: { ...view, help: !view.help }, act: 'none' };
    default:
      return { view, act: 'none' };
  }
}

/** One after the other, and after the last one all of them again. */
function nextPlace(only: number | null, places: number): number | null {
  const next = only === null ? 0 : only + 1;
  return next < places ? next : null;
}
