import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { frameKind } from '../../lab/profile/frame-kind.ts';
import { frameKey } from '../../lab/profile/merge-profiles.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import { isTyping, KeyHelp } from '../keys/key-help.tsx';
import type { Theme } from '../theme/use-theme.ts';
import { callsOf, changedCalls } from './call-tree.ts';
import { FlameControls, type FlameSettings } from './flame-controls.tsx';
import { colorKeyOf, palettes } from './flame-colors.ts';
import { flameKeys } from './flame-keys.ts';
import { FlameLegend } from './flame-legend.tsx';
import { FlamePane } from './flame-pane.tsx';
import { functionAt, layOut } from './flame-tree.ts';
import { FunctionTable } from './function-table.tsx';
import type { FunctionTime } from './function-times.ts';
import { Sandwich } from './sandwich.tsx';
import { searchFlame, zoomToSee } from './search-flame.ts';
import { invert } from './turned-trees.ts';
import { useFlameCursor } from './use-flame-cursor.ts';

/**
 * A profile as a flame graph with all that belongs to it: search, views, colours, legend, the graph, and the table that
 * says the same. With `before` it shows how `profile` differs from it; both have to weigh the same unit.
 */
export function FlameExplorer({
  profile,
  before,
  theme,
}: {
  profile: Profile;
  before?: Profile | undefined;
  theme: Theme;
}): ReactNode {
  const [settings, setSettings] = useState<FlameSettings>({
    search: '',
    view: 'calls',
    isUpwards: false,
    colorBy: before ? 'change' : 'kind',
    includeWaiting: false,
    ownOnly: false,
  });
  const [highlighted, setHighlighted] = useState<number | null>(null);
  /** By key: labels are short, and two functions of one line, or of two versions of a package, have the same. */
  const [sandwiched, setSandwiched] = useState<string | null>(null);
  const [helpOpen, setHelpOpen] = useState(false);
  const [notice, setNotice] = useState('');
  const searchField = useRef<HTMLInputElement>(null);
  const { search, view, isUpwards, includeWaiting, ownOnly } = settings;
  const colorBy = settings.colorBy === 'change' && !before ? 'kind' : settings.colorBy;

  const base = useMemo(() => {
    const options = { includeWaiting, ownOnly };
    return layOut(before ? changedCalls(before, profile, options) : callsOf(profile, options));
  }, [profile, before, includeWaiting, ownOnly]);
  const tree = useMemo(() => (view === 'inverted' ? layOut(invert(base)) : base), [base, view]);
  const cursor = useFlameCursor(tree);
  const matches = useMemo(() => searchFlame(tree, search), [tree, search]);
  const waitingShare = useMemo(() => shareOfWaiting(profile), [profile]);
  const sandwichedFn = useMemo(
    () => base.functions.findIndex(({ frame }, fn) => fn > 0 && frameKey(frame) === sandwiched),
    [base, sandwiched],
  );
  const shows = useMemo(() => {
    const key = highlighted === null ? undefined : palettes[colorBy][highlighted]?.key;
    if (!matches.isSearching && key === undefined) return null;
    return (row: FunctionTime): boolean =>
      (!matches.isSearching || matches.functions[row.fn] === 1) &&
      (key === undefined || colorKeyOf(row, colorBy) === key);
  }, [matches, highlighted, colorBy]);

  const change = (changes: Partial<FlameSettings>): void => {
    setSettings((now) => ({ ...now, ...changes }));
    if (changes.colorBy !== undefined) setHighlighted(null);
  };
  const step = (by: 1 | -1): void => {
    const { nodes } = matches;
    const at = nodes.findIndex((node) => node >= cursor.selected);
    const isAt = nodes[at] === cursor.selected;
    const from = at < 0 ? nodes.length : at;
    const next = by === 1 ? from + Number(isAt) : from - 1;
    const node = nodes[(next + nodes.length) % Math.max(1, nodes.length)];
    if (node === undefined) return;
    const zoom = zoomToSee(tree, node, cursor.zoomed);
    if (zoom !== cursor.zoomed) cursor.zoomTo(zoom);
    cursor.select(node);
  };
  const sandwich = (node: number): void => {
    if (node > 0) setSandwiched(frameKey(functionAt(tree, node).frame));
  };
  const copy = async (node: number): Promise<void> => {
    const { name } = functionAt(tree, node).frame;
    try {
      await navigator.clipboard.writeText(name);
      setNotice(`Copied ${name}.`);
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      setNotice(`The browser does not allow copying here: ${name}`);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const isWhole = sandwichedFn <= 0;
    if (event.key === 'F3' && isWhole) step(event.shiftKey ? -1 : 1);
    else if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    else if (event.key === '/') searchField.current?.focus();
    else if (event.key === 'n' && isWhole) step(1);
    else if (event.key === 'N' && isWhole) step(-1);
    else if (event.key === 'i' && isWhole) change({ view: view === 'calls' ? 'inverted' : 'calls' });
    else if (event.key === 'u' && isWhole) change({ isUpwards: !isUpwards });
    else if (event.key === 'o') change({ ownOnly: !ownOnly });
    else if (event.key === 'w') change({ includeWaiting: !includeWaiting });
    else if (event.key === 's' && isWhole) sandwich(cursor.selected);
    else if (event.key === 'c' && isWhole && cursor.selected > 0) void copy(cursor.selected);
    else if (event.key === '?') setHelpOpen(true);
    else return;
    event.preventDefault();
  };

  return (
    <div className="flame" role="group" aria-label="Flame graph" onKeyDown={onKeyDown}>
      <FlameControls
        settings={{ ...settings, colorBy }}
        onChange={change}
        tree={tree}
        matches={matches}
        waitingShare={profile.unit === 'microseconds' ? waitingShare : null}
        isDiff={before !== undefined}
        searchField={searchField}
        onStep={step}
        onHelp={() => setHelpOpen(true)}
      />
      <FlameLegend tree={base} by={colorBy} highlighted={highlighted} onHighlight={setHighlighted} />
      {sandwichedFn > 0 ? (
        <Sandwich
          base={base}
          fn={sandwichedFn}
          functions={matches.isSearching ? matches.functions : null}
          highlighted={highlighted}
          colorBy={colorBy}
          theme={theme}
          onClose={() => setSandwiched(null)}
          onChoose={({ frame }) => setSandwiched(frameKey(frame))}
        />
      ) : (
        <FlamePane
          tree={tree}
          cursor={cursor}
          functions={matches.isSearching ? matches.functions : null}
          highlighted={highlighted}
          colorBy={colorBy}
          isUpwards={isUpwards}
          theme={theme}
          label={view === 'inverted' ? 'Inverted flame graph, leaves first' : 'Flame graph'}
          hasSelf={view === 'calls'}
          notice={notice}
          onSandwich={sandwich}
          onCopy={(node) => void copy(node)}
        />
      )}
      <FunctionTable tree={base} shows={shows} onChoose={({ frame }) => setSandwiched(frameKey(frame))} />
      {helpOpen && <KeyHelp rows={flameKeys} onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

/** Null when nothing in it waits. */
function shareOfWaiting({ nodes, frames }: Profile): number | null {
  let waiting = 0;
  let whole = 0;
  for (const { frame, self } of nodes) {
    const known = frames[frame];
    whole += self;
    if (known && frameKind(known) === 'waiting') waiting += self;
  }
  return waiting === 0 ? null : waiting / whole;
}
