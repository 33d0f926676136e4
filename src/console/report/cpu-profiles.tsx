import { useMemo, useState, type ReactNode } from 'react';
import { unpackProfile } from '../../lab/profile/pack-profile.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import { profileInRange, type RangeProfile } from '../../lab/profile/profile-in-range.ts';
import type { ReportProfiles } from '../../lab/report/report-data.ts';
import type { ProfileDetail, ReportProfile } from '../../lab/report/report-profiles.ts';
import type { Span } from '../charts/time-chart.tsx';
import { FlameExplorer } from '../flame/flame-explorer.tsx';
import { FlameReading } from '../flame/flame-reading.tsx';
import { ProfileExports } from '../flame/profile-exports.tsx';
import { formatClock, formatShare } from '../format/format-value.ts';
import type { Theme } from '../theme/use-theme.ts';
import { ProfileControls } from './profile-controls.tsx';
import { profileScopes, threadsOf } from './profile-scope.ts';
import { ComparisonText } from './window-comparison.tsx';

export interface CpuProfilesProps {
  data: ReportProfiles;
  originMs: number;
  /** The process, or the replicas, that are shown; the first when there is none of that id. */
  scopeId: string | null;
  onScope: (id: string) => void;
  /** What the timeline shows, in seconds since the run began; null for all of the run. */
  range: Span | null;
  onRange: (range: Span | null) => void;
  theme: Theme;
}

/** What the processes did in the time that the timeline shows: per process, per thread, or merged. */
export function CpuProfiles(props: CpuProfilesProps): ReactNode {
  return (
    <section id="cpu" aria-labelledby="cpu-title">
      <h2 id="cpu-title">CPU profiles</h2>
      {props.data.profiles.length === 0 ? (
        <p className="muted">No CPU profile was taken in this run.</p>
      ) : (
        <Explorer {...props} />
      )}
    </section>
  );
}

function Explorer({ data, originMs, scopeId, onScope, range, onRange, theme }: CpuProfilesProps): ReactNode {
  const { profiles, comparison } = data;
  const scopes = useMemo(() => profileScopes(profiles), [profiles]);
  const scope = scopes.find(({ id }) => id === scopeId) ?? scopes[0];
  const ofScope = scope?.profiles ?? profiles;
  const threads = useMemo(() => threadsOf(ofScope), [ofScope]);
  const [chosenThread, setThread] = useState('');
  const [isComparing, setComparing] = useState(false);
  const thread = threads.includes(chosenThread) ? chosenThread : '';
  const windows = useMemo(
    () => ofScope.filter((profile) => thread === '' || (profile.thread ?? 'main') === thread),
    [ofScope, thread],
  );
  const unpacked = useMemo(() => windows.map(({ profile }) => unpackProfile(profile)), [windows]);
  const title = scope?.title ?? '';
  const between = (startMs: number, endMs: number): RangeProfile | undefined =>
    profileInRange(unpacked, startMs, endMs, title);
  const shown = useMemo(
    () =>
      range === null
        ? between(-Infinity, Infinity)
        : between(originMs + range.start * 1000, originMs + range.end * 1000),
    [unpacked, title, range, originMs],
  );
  const compared = useMemo(() => {
    if (!isComparing || comparison === undefined) return undefined;
    const worst = between(comparison.worst.startMs, comparison.worst.endMs);
    const quiet = between(comparison.quiet.startMs, comparison.quiet.endMs);
    return worst && quiet && { worst, quiet };
  }, [unpacked, title, isComparing, comparison]);
  const current = compared?.worst ?? shown;

  return (
    <>
      <ProfileControls
        scopes={scopes}
        scope={scope}
        onScope={onScope}
        threads={threads}
        thread={thread}
        onThread={setThread}
        windows={windows}
        originMs={originMs}
        range={range}
        onRange={(chosen) => {
          setComparing(false);
          onRange(chosen);
        }}
        comparing={comparison === undefined ? null : isComparing}
        onCompare={setComparing}
      />
      {comparison && compared && (
        <ComparisonText
          comparison={comparison}
          worst={compared.worst.profile}
          quiet={compared.quiet.profile}
          originMs={originMs}
        />
      )}
      {isComparing && compared === undefined && (
        <p className="notice" role="status">
          It was not profiled in both of the windows that are compared; shown is what it did{' '}
          {range === null ? 'in all of the run' : 'in the time that the timeline shows'}.
        </p>
      )}
      {current === undefined ? (
        <NoProfile profiles={unpacked} originMs={originMs} onAll={() => onRange(null)} />
      ) : (
        <>
          <p className="muted" role="status">
            {compared !== undefined && 'The worst window: '}
            {[title, ...(thread === '' ? [] : [`thread ${thread}`])].join(', ')},{' '}
            {describeTime(current, originMs)} {precisionOf(current, data.profileDetail)}
          </p>
          <h3>What to look at{compared !== undefined && ' in the worst window'}</h3>
          <FlameReading profile={current.profile} />
          {/* Another kind of graph begins with the settings of its own. */}
          <FlameExplorer
            key={compared === undefined ? 'one' : 'difference'}
            profile={current.profile}
            before={compared?.quiet.profile}
            theme={theme}
          />
          <div className="section-head exports">
            <h3>{compared === undefined ? 'Export what is shown' : 'Export the worst window'}</h3>
            <ProfileExports profile={current.profile} fileName={fileNameOf(title, current, originMs)} />
          </div>
          <WholeFiles
            shown={current.windows.flatMap((at) => windows[at] ?? [])}
            minShare={data.profileDetail.minShare}
          />
        </>
      )}
    </>
  );
}

function NoProfile(props: { profiles: Profile[]; originMs: number; onAll: () => void }): ReactNode {
  const startMs = Math.min(...props.profiles.map((profile) => profile.startMs));
  const endMs = Math.max(...props.profiles.map((profile) => profile.endMs));
  return (
    <p className="notice" role="status">
      No profile of it was taken in the time that the timeline shows. There are profiles from{' '}
      {formatClock((startMs - props.originMs) / 1000)} to {formatClock((endMs - props.originMs) / 1000)}.{' '}
      <button type="button" onClick={props.onAll}>
        Show all of them
      </button>
    </p>
  );
}

function describeTime({ startMs, endMs, windows }: RangeProfile, originMs: number): string {
  const at = (ms: number): string => formatClock((ms - originMs) / 1000);
  const seconds = ((endMs - startMs) / 1000).toFixed(1);
  const count = `${windows.length} ${windows.length === 1 ? 'profile' : 'profiles'}`;
  return `${at(startMs)} to ${at(endMs)}, ${seconds} s, of ${count}.`;
}

/** From a longer stretch on it is all of the run. */
const longestTold = 3_600_000;

/** What a reader has to know of how well the shown profile keeps to the chosen time. */
function precisionOf({ isExact }: RangeProfile, detail: ProfileDetail): string {
  const { keepSamples, sampleMs = 0, joinedMs } = detail;
  if (joinedMs !== undefined) {
    const joined =
      joinedMs > longestTold ? 'all profiles of a thread' : `the profiles of ${joinedMs / 1000} s each`;
    return `As the run was long, this report joins ${joined}, and keeps no order within them.`;
  }
  if (!isExact) {
    return keepSamples
      ? 'Its profiler tells no order within a profile: whole ones are shown, which reach beyond the chosen time.'
      : 'This report keeps no order within a profile, as the run was long: whole profiles are shown.';
  }
  return keepSamples && sampleMs > 0
    ? 'This report keeps the order of its profiles to the second, so that it stays small.'
    : '';
}

function WholeFiles({ shown, minShare }: { shown: ReportProfile[]; minShare: number }): ReactNode {
  const files = shown.flatMap((profile) => profile.files);
  return (
    <details>
      <summary>The whole profiles in the bundle ({files.length})</summary>
      <p className="muted">
        Stacks with less than {formatShare(minShare)} of their profile are folded into their callers here.{' '}
        {files.map((file) => (
          <code key={file}>{file} </code>
        ))}
      </p>
    </details>
  );
}

function fileNameOf(title: string, { startMs }: RangeProfile, originMs: number): string {
  const second = Math.round((startMs - originMs) / 1000);
  return `${title}-${second}s`.replaceAll(/[^A-Za-z0-9-]+/g, '-').replaceAll(/^-|-$/g, '');
}
