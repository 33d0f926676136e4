import type { ReactNode } from 'react';
import type { ReportData } from '../../lab/report/report-data.ts';
import type { RunDocument } from '../../lab/run-document.ts';
import { formatClock, formatMs, formatNumber } from '../format/format-value.ts';

/** What was watched, what that cost, and where it could not be read. */
export function Collectors(props: {
  collectors: RunDocument['collectors'];
  overhead: RunDocument['overhead'];
  gaps: ReportData['gaps'];
  originMs: number;
}): ReactNode {
  return (
    <section id="collectors" aria-labelledby="collectors-title">
      <h2 id="collectors-title">Collectors</h2>
      <Overhead overhead={props.overhead} />
      <div className="table-scroll">
        <table>
          <caption>What was watched, and what watching cost.</caption>
          <thead>
            <tr>
              <th>Source</th>
              <th>Target</th>
              <th>State</th>
              <th className="number">Samples</th>
              <th className="number">Gaps</th>
              <th className="number">Cost per sample</th>
            </tr>
          </thead>
          <tbody>
            {props.collectors.map((collector) => (
              <tr key={`${collector.name} ${collector.target}`}>
                <th scope="row">{collector.name}</th>
                <td>{collector.target}</td>
                <td>
                  <State collector={collector} />
                  {collector.error !== undefined && <div className="muted">{collector.error}</div>}
                </td>
                <td className="number">{formatNumber(collector.samples)}</td>
                <td className="number">{formatNumber(collector.gaps)}</td>
                <td className="number">{collector.costMs > 0 ? formatMs(collector.costMs) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {props.gaps.length > 0 && (
        <details>
          <summary>When sources could not be read ({props.gaps.length})</summary>
          <ul className="plain-list">
            {props.gaps.map((gap, index) => (
              <li key={index}>
                {formatClock((gap.atMs - props.originMs) / 1000)} {gap.source} {gap.target}{' '}
                <span className="muted">{gap.error}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function State({ collector }: { collector: RunDocument['collectors'][number] }): ReactNode {
  if (collector.notApplicable) return <span className="muted">– does not apply</span>;
  return (
    <span className={collector.ok ? 'mark-pass' : 'mark-fail'}>{collector.ok ? '✓ ok' : '✕ failed'}</span>
  );
}

/** What watching cost altogether, and whether that was too much. */
function Overhead({ overhead }: Pick<RunDocument, 'overhead'>): ReactNode {
  if (overhead === undefined) return null;
  const { labCpuPercent, profilingCpuPercent, profilersCpuPercent, databaseMsPerTick, exceeded } = overhead;
  const parts = [
    ...(labCpuPercent ? [`${percent(labCpuPercent.mean)} (p95 ${percent(labCpuPercent.p95)})`] : []),
    ...(profilingCpuPercent ? [`${percent(profilingCpuPercent.mean)} while a CPU profile is fetched`] : []),
    ...(profilersCpuPercent
      ? [`${percent(profilersCpuPercent.mean)} in the profilers that it ran (py-spy, perf)`]
      : []),
    ...(databaseMsPerTick
      ? [`${formatMs(databaseMsPerTick.mean)} of PostgreSQL a look (p95 ${formatMs(databaseMsPerTick.p95)})`]
      : []),
  ];
  return (
    <>
      {parts.length > 0 && <p>Watching cost {parts.join(', ')}.</p>}
      {exceeded.map((text) => (
        <p key={text} className="notice warns">
          Watching cost {text}.
        </p>
      ))}
    </>
  );
}

function percent(value: number): string {
  return `${formatNumber(value)} % of a core`;
}
