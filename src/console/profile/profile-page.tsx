import { useMemo, useState, type ReactNode } from 'react';
import { mergeProfiles } from '../../lab/profile/merge-profiles.ts';
import { unpackProfile } from '../../lab/profile/pack-profile.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import type { ProfilePageData } from '../../lab/profile/profile-set.ts';
import { formatWeight } from '../flame/describe-frame.ts';
import { FlameExplorer } from '../flame/flame-explorer.tsx';
import { FlameReading } from '../flame/flame-reading.tsx';
import { ProfileExports } from '../flame/profile-exports.tsx';
import { formatNumber } from '../format/format-value.ts';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { useTheme } from '../theme/use-theme.ts';

type Part = ProfilePageData['parts'][number];

/** What `cpu record`, `cpu flame` and `cpu diff` write: a profile, or the difference of two, part by part or merged. */
export function ProfilePage({ data }: { data: ProfilePageData }): ReactNode {
  const { theme, toggle } = useTheme();
  const [label, setLabel] = useState<string | null>(null);
  const profile = useMemo(() => chosen(data.parts, label, data.title), [data, label]);
  const before = useMemo(
    () => (data.before ? chosen(data.before.parts, label, data.before.title) : undefined),
    [data, label],
  );
  const lacksNamesake = label !== null && data.before?.parts.every((part) => part.label !== label) === true;
  const whole = profile.nodes.reduce((sum, { self }) => sum + self, 0);
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the profile
      </a>
      <header className="top-bar">
        <span className="brand">Gaugeway</span>
        <span className="run-name">{profile.unit === 'bytes' ? 'Allocations' : 'CPU profile'}</span>
        <ThemeToggle theme={theme} onToggle={toggle} />
      </header>
      <main id="main" tabIndex={-1}>
        <div className="section-head">
          <h1>{data.title}</h1>
          <PartChoice parts={data.parts} label={label} onChoose={setLabel} />
        </div>
        <ul className="profile-facts">
          {data.before && <li>Compared with {data.before.title}; blue shrank, red grew.</li>}
          {data.facts.map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
          <li>
            {formatWeight(whole, profile.unit)} in {formatNumber(profile.nodes.length)} frames of{' '}
            {formatNumber(profile.frames.length)} functions.
          </li>
        </ul>
        {data.before && lacksNamesake && (
          <p className="notice" role="status">
            {data.before.title} has no part with the name {label}: what is shown is compared with{' '}
            {data.before.parts.length === 1 ? 'its only part' : `all ${data.before.parts.length} parts of it`}
            .
          </p>
        )}
        {whole === 0 ? (
          <p className="notice">Nothing was sampled in this profile.</p>
        ) : (
          <>
            <h2>What to look at</h2>
            <FlameReading profile={profile} />
            <FlameExplorer profile={profile} before={before} theme={theme} />
          </>
        )}
        <div className="section-head exports">
          <h2>Export what is shown</h2>
          <ProfileExports profile={profile} fileName={fileNameOf(data.title, label)} />
        </div>
      </main>
    </>
  );
}

function PartChoice(props: {
  parts: readonly Part[];
  label: string | null;
  onChoose: (label: string | null) => void;
}): ReactNode {
  const { parts, label, onChoose } = props;
  if (parts.length < 2) return null;
  return (
    <label>
      Process or thread{' '}
      <select value={label ?? ''} onChange={(event) => onChoose(event.target.value || null)}>
        <option value="">all {parts.length}, merged</option>
        {parts.map((part) => (
          <option key={part.label} value={part.label}>
            {part.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The part of that name; all of them merged when none is chosen, or when there is none of that name. */
function chosen(parts: readonly Part[], label: string | null, name: string): Profile {
  const named = parts.filter((part) => part.label === label);
  const shown = named.length > 0 ? named : parts;
  return mergeProfiles(
    shown.map((part) => unpackProfile(part.profile)),
    label ?? name,
  );
}

function fileNameOf(title: string, label: string | null): string {
  return `${title}${label === null ? '' : `-${label}`}`
    .replaceAll(/[^A-Za-z0-9-]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
