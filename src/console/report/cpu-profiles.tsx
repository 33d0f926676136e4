import { useMemo, useState, type ReactNode } from 'react';
import { mergeProfiles } from '../../lab/profile/merge-profiles.ts';
import { unpackProfile } from '../../lab/profile/pack-profile.ts';
import type { ReportProfile } from '../../lab/report/report-data.ts';
import { FlameExplorer } from '../flame/flame-explorer.tsx';
import { ProfileExports } from '../flame/profile-exports.tsx';
import { formatClock } from '../format/format-value.ts';
import type { Theme } from '../theme/use-theme.ts';

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
      </form>
      <FlameExplorer profile={profile} theme={theme} />
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

function fileNameOf(selected: ReportProfile | undefined, target: string): string {
  const name = selected
    ? (selected.file.split('/').at(-1) ?? selected.file).replace(/\.cpuprofile$/, '')
    : target;
  return name.replaceAll(/[^A-Za-z0-9-]+/g, '-').replaceAll(/^-|-$/g, '');
}
