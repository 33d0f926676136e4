import { useMemo, useState, type ReactNode } from 'react';
import { frameKind, type FrameKind } from '../../lab/profile/frame-kind.ts';
import { mergeProfiles } from '../../lab/profile/merge-profiles.ts';
import { unpackProfile } from '../../lab/profile/pack-profile.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import type { ReportProfile } from '../../lab/report/report-data.ts';
import { FlameGraph } from '../flame/flame-graph.tsx';
import { allNodes, buildFlameTree, searchFlame, type FlameNode } from '../flame/flame-tree.ts';
import { kindNames } from '../flame/kind-names.ts';
import { TopFunctions } from '../flame/top-functions.tsx';
import { formatClock, formatNumber, formatShare } from '../format/format-value.ts';
import type { Theme } from '../theme/use-theme.ts';
import { ProfileExports } from './profile-exports.tsx';

interface CpuProfilesProps {
  profiles: ReportProfile[];
  originMs: number;
  /** The window that is shown; null shows all windows of a process together. */
  selectedFile: string | null;
  onSelect: (file: string | null) => void;
  theme: Theme;
}

/** The flame graph of one process, for the whole steady phase or one window of it. */
export function CpuProfiles(props: CpuProfilesProps): ReactNode {
  return (
    <section id="cpu" aria-labelledby="cpu-title">
      <h2 id="cpu-title">CPU profiles</h2>
      {props.profiles.length === 0 ? (
        <p className="muted">No CPU profile was taken in this run.</p>
      ) : (
        <Explorer {...props} />
      )}
    </section>
  );
}

function Explorer({ profiles, originMs, selectedFile, onSelect, theme }: CpuProfilesProps): ReactNode {
  const targets = useMemo(() => [...new Set(profiles.map((profile) => profile.target))], [profiles]);
  const [chosenTarget, setTarget] = useState(targets[0] ?? '');
  const [search, setSearch] = useState('');
  const [includeWaiting, setIncludeWaiting] = useState(false);
  const selected = profiles.find((profile) => profile.file === selectedFile);
  const target = selected?.target ?? chosenTarget;
  const windows = useMemo(() => profiles.filter((profile) => profile.target === target), [profiles, target]);
  const shown = useMemo(() => (selected ? [selected] : windows), [selected, windows]);
  const profile = useMemo(
    () =>
      mergeProfiles(
        shown.map((window) => unpackProfile(window.profile)),
        target,
      ),
    [shown, target],
  );
  const root = useMemo(() => buildFlameTree(profile, includeWaiting), [profile, includeWaiting]);
  const found = useMemo(() => searchFlame(root, search), [root, search]);
  const waitingShare = useMemo(() => shareOfWaiting(profile), [profile]);

  return (
    <>
      <form className="controls" onSubmit={(event) => event.preventDefault()}>
        <label>
          Process{' '}
          <select
            value={target}
            onChange={(event) => {
              setTarget(event.target.value);
              onSelect(null);
            }}
          >
            {targets.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Window{' '}
          <select value={selected?.file ?? ''} onChange={(event) => onSelect(event.target.value || null)}>
            <option value="">all {windows.length}</option>
            {windows.map((window) => (
              <option key={window.file} value={window.file}>
                {formatClock((window.startMs - originMs) / 1000)} to{' '}
                {formatClock((window.endMs - originMs) / 1000)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Search{' '}
          <input
            type="search"
            value={search}
            placeholder="function or file"
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={includeWaiting}
            onChange={(event) => setIncludeWaiting(event.target.checked)}
          />{' '}
          waiting time ({formatShare(waitingShare)})
        </label>
        <output className="muted">
          {search.trim() !== '' &&
            `${formatNumber(found.matches.size)} ${found.matches.size === 1 ? 'frame matches' : 'frames match'}, ${formatShare(found.total / Math.max(1, root.total))} of the time`}
        </output>
      </form>
      <KindLegend root={root} />
      <FlameGraph root={root} matches={found.matches} searching={search.trim() !== ''} theme={theme} />
      <TopFunctions root={root} onSearch={setSearch} />
      <div className="section-head">
        <h3>Export what is shown</h3>
        <ProfileExports profile={profile} fileName={fileNameOf(selected, target)} />
      </div>
      <p className="muted">
        Stacks with a very small share of their window are folded into their callers here. The whole profiles:{' '}
        {shown.map(({ file }) => (
          <code key={file}>{file} </code>
        ))}
      </p>
    </>
  );
}

function KindLegend({ root }: { root: FlameNode }): ReactNode {
  const self = new Map<FrameKind, number>();
  for (const node of allNodes(root)) self.set(node.kind, (self.get(node.kind) ?? 0) + node.self);
  return (
    <ul className="legend" aria-label="Self time by whose code it is">
      {Object.entries(kindNames).flatMap(([kind, name]) => {
        const share = ([...self].find(([each]) => each === kind)?.[1] ?? 0) / Math.max(1, root.total);
        return share === 0 ? (
          []
        ) : (
          <li key={kind}>
            <span className="swatch" style={{ background: `var(--frame-${kind})` }} aria-hidden="true" />{' '}
            {name} <strong>{formatShare(share)}</strong>
          </li>
        );
      })}
    </ul>
  );
}

function shareOfWaiting(profile: Profile): number {
  let waitingUs = 0;
  let total = 0;
  for (const { frame, self } of profile.nodes) {
    const known = profile.frames[frame];
    total += self;
    if (known && frameKind(known) === 'waiting') waitingUs += self;
  }
  return waitingUs / Math.max(1, total);
}

function fileNameOf(selected: ReportProfile | undefined, target: string): string {
  const name = selected
    ? (selected.file.split('/').at(-1) ?? selected.file).replace(/\.cpuprofile$/, '')
    : target;
  return name.replaceAll(/[^A-Za-z0-9-]+/g, '-').replaceAll(/^-|-$/g, '');
}
