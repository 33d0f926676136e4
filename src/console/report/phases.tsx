import type { ReactNode } from 'react';
import type { RunDocument } from '../../lab/run-document.ts';
import { formatChartValue, formatKnown } from '../format/format-value.ts';

/** What each phase was like, a row for each figure; nothing for runs that do not tell it. */
export function Phases({
  phases,
  phaseFigures = [],
}: Pick<RunDocument, 'phases' | 'phaseFigures'>): ReactNode {
  if (phaseFigures.length === 0) return null;
  return (
    <section id="phases" aria-labelledby="phases-title">
      <h2 id="phases-title">Phases</h2>
      <div className="table-scroll">
        <table>
          <caption>What each phase was like; counters as their growth per second.</caption>
          <thead>
            <tr>
              <th>Figure</th>
              {phases.map(({ name }) => (
                <th key={name} className="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {phaseFigures.map(({ title, unit, byPhase }) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                {phases.map(({ name }) => (
                  <td key={name} className="number">
                    {formatKnown(byPhase[name] ?? null, (value) => formatChartValue(value, unit))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
