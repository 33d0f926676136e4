import { useMemo, type ReactNode } from 'react';
import { frameClassWords } from '../../lab/profile/frame-class.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import { type FlameReading as Reading, readFlame } from '../../lab/profile/read-flame.ts';
import { formatNumber, formatShare } from '../format/format-value.ts';
import { kindNames } from './flame-colors.ts';

/** What is less is left out. */
const leastShown = 0.005;
/** The weightiest; what is said after them is about ever less. */
const mostRemarks = 8;
const mostPackages = 5;

/** What a flame graph says to who knows how to read it: what to look at, kinds of work, and whose code. */
export function FlameReading({ profile }: { profile: Profile }): ReactNode {
  const reading = useMemo(() => readFlame(profile), [profile]);
  if (reading.busy === 0) return <p className="muted">It did nothing in this time but wait.</p>;
  const classes = reading.classes.map(({ class: name, share }) => ({ name: frameClassWords[name], share }));
  const kinds = reading.kinds.map(({ kind, share }) => ({ name: kindNames[kind], share }));
  return (
    <div className="flame-reading">
      <div>
        <ul>
          {reading.remarks.slice(0, mostRemarks).map(({ text, advice }) => (
            <li key={text}>
              {text} {advice !== undefined && <span className="muted">{advice}</span>}
            </li>
          ))}
          <li>{ownAgainstDependencies(reading)}</li>
        </ul>
        <p className="muted">
          Shares of {reading.unit === 'bytes' ? 'the allocated bytes' : 'the time that was not waiting'}
          {reading.sampled &&
            `, give or take ${formatNumber(Math.round(reading.sampled.margin * 1000) / 10)} points`}
          .
        </p>
      </div>
      <div className="flame-shares">
        <Shares caption="Kind of work" rows={classes} />
        <Shares caption="Whose code" rows={kinds} />
      </div>
    </div>
  );
}

function ownAgainstDependencies({ own, packages }: Reading): string {
  const self = packages.reduce((sum, { selfShare }) => sum + selfShare, 0);
  const greatest = packages
    .filter(({ selfShare }) => selfShare >= leastShown)
    .slice(0, mostPackages)
    .map(({ name, selfShare }) => `${name} ${formatShare(selfShare)}`);
  const which = greatest.length === 0 ? '' : ` (${greatest.join(', ')})`;
  return `Own code takes ${formatShare(own.selfShare)} itself and ${formatShare(own.totalShare)} with what it calls; dependencies take ${formatShare(self)} themselves${which}.`;
}

function Shares({ caption, rows }: { caption: string; rows: { name: string; share: number }[] }): ReactNode {
  return (
    <table>
      <caption>{caption}</caption>
      <tbody>
        {rows
          .filter(({ share }) => share >= leastShown)
          .map(({ name, share }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number">{formatShare(share)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
