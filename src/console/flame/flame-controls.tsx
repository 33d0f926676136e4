import type { ReactNode, RefObject } from 'react';
import { formatNumber, formatShare } from '../format/format-value.ts';
import { wholeNames } from './describe-frame.ts';
import type { ColorBy } from './flame-colors.ts';
import type { FlameTree } from './flame-tree.ts';
import type { FlameMatches } from './search-flame.ts';

/** How the graph is to be shown, as the reader chose it. */
export interface FlameSettings {
  search: string;
  /** From the outermost caller, or from the leaves. */
  view: 'calls' | 'inverted';
  isUpwards: boolean;
  colorBy: ColorBy;
  includeWaiting: boolean;
  ownOnly: boolean;
}

interface FlameControlsProps {
  settings: FlameSettings;
  onChange: (change: Partial<FlameSettings>) => void;
  tree: FlameTree;
  matches: FlameMatches;
  /** Share of the profile in which it waited; null when it is not known or nothing waits in it. */
  waitingShare: number | null;
  isDiff: boolean;
  searchField: RefObject<HTMLInputElement | null>;
  onStep: (step: 1 | -1) => void;
  onHelp: () => void;
}

/** Search, view, colours and what is left out. */
export function FlameControls(props: FlameControlsProps): ReactNode {
  const { settings, onChange, matches, tree, waitingShare, isDiff, searchField, onStep, onHelp } = props;
  return (
    <form className="controls" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        Search{' '}
        <input
          ref={searchField}
          type="search"
          value={settings.search}
          placeholder="function, file or /pattern/"
          onChange={(event) => onChange({ search: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
          }}
        />
      </label>
      {matches.isSearching && (
        <span className="steps" role="group" aria-label="Go through the matches">
          <button
            type="button"
            disabled={matches.nodes.length === 0}
            aria-label="Previous match"
            onClick={() => onStep(-1)}
          >
            ‹
          </button>
          <button
            type="button"
            disabled={matches.nodes.length === 0}
            aria-label="Next match"
            onClick={() => onStep(1)}
          >
            ›
          </button>
        </span>
      )}
      <label>
        View{' '}
        <select
          value={settings.view}
          onChange={(event) => onChange({ view: event.target.value === 'inverted' ? 'inverted' : 'calls' })}
        >
          <option value="calls">callers first</option>
          <option value="inverted">leaves first</option>
        </select>
      </label>
      <label>
        Colour{' '}
        <select
          value={settings.colorBy}
          onChange={(event) => onChange({ colorBy: colorByOf(event.target.value) })}
        >
          {isDiff && <option value="change">by change</option>}
          <option value="kind">by whose code</option>
          <option value="class">by kind of work</option>
        </select>
      </label>
      <Check
        isOn={settings.isUpwards}
        onChange={(isUpwards) => onChange({ isUpwards })}
        title="flames upwards"
      />
      <Check isOn={settings.ownOnly} onChange={(ownOnly) => onChange({ ownOnly })} title="own code only" />
      {waitingShare !== null && (
        <Check
          isOn={settings.includeWaiting}
          onChange={(includeWaiting) => onChange({ includeWaiting })}
          title={`waiting (${formatShare(waitingShare)})`}
        />
      )}
      <button type="button" aria-label="Keys of the flame graph" onClick={onHelp}>
        ?
      </button>
      <output className="muted">{found(matches, tree)}</output>
    </form>
  );
}

function Check(props: { isOn: boolean; onChange: (isOn: boolean) => void; title: string }): ReactNode {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={props.isOn}
        onChange={(event) => props.onChange(event.target.checked)}
      />{' '}
      {props.title}
    </label>
  );
}

function found({ isSearching, nodes, total, mistake }: FlameMatches, tree: FlameTree): string {
  if (!isSearching) return '';
  const share = formatShare(total / Math.max(Number.MIN_VALUE, tree.total[0] ?? 0));
  const count = `${formatNumber(nodes.length)} ${nodes.length === 1 ? 'frame matches' : 'frames match'}`;
  return `${count}, ${share} of ${wholeNames[tree.unit]}${mistake === null ? '' : ` (${mistake})`}`;
}

function colorByOf(value: string): ColorBy {
  return value === 'class' || value === 'change' ? value : 'kind';
}
