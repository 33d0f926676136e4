import { useMemo, type ReactNode } from 'react';
import { frameClassWords } from '../../lab/profile/frame-class.ts';
import type { Profile } from '../../lab/profile/profile.ts';
import { readFlame } from '../../lab/profile/read-flame.ts';
import { kindNames } from '../flame/flame-colors.ts';
import { formatShare } from '../format/format-value.ts';

/** What is less is left out. */
const leastShown = 0.005;

/** What a flame graph says to who knows how to read it: kinds of work, whose code, and what to look at. */
export function FlameShares({ profile }: { profile: Profile }): ReactNode {
  const reading = useMemo(() => readFlame(profile), [profile]);
  if (reading.busy === 0) return <p className="muted">It did nothing in this time but wait.</p>;
  const classes = reading.classes.map(({ class: name, share }) => ({ name: frameClassWords[name], share }));
  const kinds = reading.kinds.map(({ kind, share }) => ({ name: kindNames[kind], share }));
  return (
    <>
      <div className="flame-shares">
        <Shares caption="Kind of work" rows={classes} />
        <Shares caption="Whose code" rows={kinds} />
      </div>
      <p className="muted">
        Shares of the time that was not waiting, give or take {formatShare(reading.margin)}.
      </p>
      {reading.remarks.length > 0 && (
        <ul>
          {reading.remarks.map(({ text, advice }) => (
            <li key={text}>
              {text} {advice !== undefined && <span className="muted">{advice}</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
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
