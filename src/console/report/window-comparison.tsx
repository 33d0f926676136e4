import { useMemo, type ReactNode } from 'react';
import { diffProfiles } from '../../lab/profile/diff-profiles.ts';
import { frameKind, shortFrameLabel } from '../../lab/profile/frame-kind.ts';
import { grownFunctions, mayBeChance } from '../../lab/profile/grown-functions.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import { readFlame } from '../../lab/profile/read-flame.ts';
import type { WindowComparison } from '../../lab/report/worst-window.ts';
import { formatClock, formatMs, formatNumber, formatShare } from '../format/format-value.ts';

/** Smaller differences come and go from one window to the next. */
const leastGrowth = 0.01;

/** In sentences: which two windows are compared, and which function grew most from the quiet one to the worst. */
export function ComparisonText(props: {
  comparison: WindowComparison;
  worst: Profile;
  quiet: Profile;
  originMs: number;
}): ReactNode {
  const { comparison, originMs } = props;
  const grown = useMemo(() => {
    const isWork = (frame: Parameters<typeof frameKind>[0]): boolean => frameKind(frame) !== 'waiting';
    return grownFunctions(diffProfiles(props.quiet, props.worst, isWork))[0];
  }, [props.quiet, props.worst]);
  const samples = useMemo(() => {
    const [before, after] = [readFlame(props.quiet).sampled, readFlame(props.worst).sampled];
    return before && after && { before: before.count, after: after.count };
  }, [props.quiet, props.worst]);
  const at = (ms: number): string => formatClock((ms - originMs) / 1000);
  const told = ({ startMs, endMs, p99Ms, rps }: WindowComparison['worst']): string =>
    `${at(startMs)} to ${at(endMs)}: p99 ${formatMs(p99Ms)} at ${formatNumber(rps)} requests a second`;
  return (
    <div className="notice" role="status">
      <p>
        The worst window, {told(comparison.worst)}, against a quiet one, {told(comparison.quiet)}. Red grew,
        blue shrank.
      </p>
      <p>
        {grown === undefined || grown.after - grown.before < leastGrowth ? (
          <>
            No function took more of the CPU time than in the quiet window: what made the requests slow is not
            work of this process.
          </>
        ) : (
          <>
            What grew most: <strong>{shortFrameLabel(grown.frame)}</strong>, from {formatShare(grown.before)}{' '}
            to {formatShare(grown.after)} of the CPU time
            {samples !== null && mayBeChance(grown, samples)
              ? `. That may be chance: there are ${formatNumber(samples.before)} busy samples in the quiet window and ${formatNumber(samples.after)} in the worst.`
              : '.'}
          </>
        )}
      </p>
    </div>
  );
}
