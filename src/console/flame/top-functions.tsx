import { useState, type ReactNode } from 'react';
import { formatMs, formatShare } from '../format/format-value.ts';
import { functionTimes, placeLabel, type FlameNode } from './flame-tree.ts';
import { kindNames } from './kind-names.ts';

const shownRows = 25;

/** Where the time goes by function: the flame graph as a table. */
export function TopFunctions({
  root,
  onSearch,
}: {
  root: FlameNode;
  onSearch: (name: string) => void;
}): ReactNode {
  const [by, setBy] = useState<'self' | 'total'>('self');
  const rows = functionTimes(root)
    .toSorted((a, b) => b[by] - a[by])
    .slice(0, shownRows);
  const heading = (key: 'self' | 'total', title: string): ReactNode => (
    <th className="number" aria-sort={by === key ? 'descending' : 'none'}>
      <button type="button" onClick={() => setBy(key)}>
        {title}
        <span aria-hidden="true">{by === key ? ' ↓' : ''}</span>
      </button>
    </th>
  );
  return (
    <div className="table-scroll">
      <table>
        <caption>
          Top functions by {by === 'self' ? 'self' : 'total'} time, shares of the time shown above.
        </caption>
        <thead>
          <tr>
            {heading('self', 'Self')}
            {heading('total', 'Total')}
            <th>Function</th>
            <th>Code</th>
            <th>Place</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ frame, kind, self, total }) => (
            <tr key={`${frame.name} ${frame.file} ${frame.line} ${frame.column}`}>
              <td className="number" title={formatMs(self / 1000)}>
                {formatShare(self / Math.max(1, root.total))}
              </td>
              <td className="number" title={formatMs(total / 1000)}>
                {formatShare(total / Math.max(1, root.total))}
              </td>
              <th scope="row">
                <button type="button" className="plain-button" onClick={() => onSearch(frame.name)}>
                  {frame.name}
                </button>
              </th>
              <td>{kindNames[kind]}</td>
              <td className="place">{placeLabel(frame)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
