import type { KeyRow } from '../keys/key-help.tsx';

/** What the keys do while something in the flame graph has the focus. */
export const flameKeys: readonly KeyRow[] = [
  { keys: ['↑', '↓'], does: 'to the caller or to the heaviest call, as they are drawn' },
  { keys: ['←', '→'], does: 'to the frame beside it' },
  { keys: ['Enter', 'click'], does: 'zoom to the frame' },
  { keys: ['Esc', 'double click'], does: 'back to what was shown before' },
  { keys: ['Home'], does: 'show all' },
  { keys: ['+', '−', 'Ctrl + wheel'], does: 'zoom in and out about the middle or the pointer' },
  { keys: ['Shift + ←', 'Shift + →', 'drag'], does: 'move sideways' },
  { keys: ['/'], does: 'search; a pattern stands between slashes, as in /^parse|json/' },
  { keys: ['n', 'F3', 'Enter in the search'], does: 'next match; with Shift the one before' },
  { keys: ['s'], does: 'callers and callees of the function, over all its places' },
  { keys: ['i'], does: 'invert: leaves first, below them who called them' },
  { keys: ['u'], does: 'flames upwards, or callers above' },
  { keys: ['o'], does: 'own code only' },
  { keys: ['w'], does: 'with waiting time, or without' },
  { keys: ['c'], does: 'copy the name of the function' },
  { keys: ['?'], does: 'show this' },
];
