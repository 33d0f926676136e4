import type { ReactNode } from 'react';
import type { GeneratorState } from '../../lab/load/web/generator-state.ts';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { formatBytes, formatMs, formatNumber } from '../format/format-value.ts';

/** The processes that send the requests, and how each of them fares: what is slow there is not slow at the target. */
export function Workers({ generators }: { generators: readonly GeneratorState[] }): ReactNode {
  return (
    <section aria-labelledby="workers-title">
      <h2 id="workers-title">Workers</h2>
      {generators.length === 0 ? (
        <p className="muted">No generator process has run yet.</p>
      ) : (
        <div className="table-scroll" role="region" aria-labelledby="workers-title" tabIndex={0}>
          <table>
            <caption>
              <span>
                The generator processes in their last second. One that is beyond a limit (80 % of a core, an
                event loop 50 ms late, 5 % of starts late, 80 % of its files and sockets open) makes latencies
                look higher than they are.
              </span>
            </caption>
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Users
                </th>
                <th scope="col" className="number">
                  CPU
                </th>
                <th scope="col" className="number">
                  Memory
                </th>
                <th scope="col" className="number">
                  Event loop delay p99
                </th>
                <th scope="col" className="number">
                  Late starts
                </th>
                <th scope="col" className="number">
                  Latest
                </th>
                <th scope="col" className="number">
                  Open files
                </th>
                <th scope="col">Limits</th>
              </tr>
            </thead>
            <tbody>
              {generators.map((generator) => (
                <Worker key={generator.id} generator={generator} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Worker({ generator }: { generator: GeneratorState }): ReactNode {
  const { id, state, users, vitals, beyondLimits } = generator;
  const mark = (limit: string): string => `number${beyondLimits.includes(limit) ? ' bad' : ''}`;
  return (
    <tr>
      <th scope="row">{id}</th>
      <td>{state}</td>
      <td className="number">{formatNumber(users)}</td>
      {vitals === null ? (
        <td colSpan={7} className="muted">
          It has not reported yet.
        </td>
      ) : (
        <>
          <td className={mark('CPU')}>{formatNumber(vitals.cpuPercent)} %</td>
          <td className="number">{formatBytes(vitals.rssBytes)}</td>
          <td className={mark('event loop')}>{formatMs(vitals.eventLoopDelayP99Ms)}</td>
          <td className={mark('late starts')}>
            {formatNumber(vitals.lateStarts)} of {formatNumber(vitals.plannedStarts)}
          </td>
          <td className="number">{formatMs(vitals.maxLateMs)}</td>
          <td className={mark('sockets')}>
            {vitals.openFiles === undefined || vitals.maxOpenFiles === undefined
              ? '–'
              : `${formatNumber(vitals.openFiles)} of ${formatNumber(vitals.maxOpenFiles)}`}
          </td>
          <td className={beyondLimits.length > 0 ? 'bad' : 'muted'}>
            {beyondLimits.length === 0 ? 'within limits' : `beyond: ${beyondLimits.join(', ')}`}
          </td>
        </>
      )}
    </tr>
  );
}

/** Says above every figure that the generator is too busy for them, or was for most of the test; else nothing. */
export function GeneratorWarning(props: {
  generators: readonly GeneratorState[];
  /** Over the whole test. */
  health: LoadTestDetails['generatorHealth'];
}): ReactNode {
  const { generators, health } = props;
  const limits = new Set(generators.flatMap(({ beyondLimits }) => beyondLimits));
  return (
    <div role="status">
      {limits.size > 0 && (
        <p className="notice warns">
          The generator is beyond its limits ({[...limits].join(', ')}): latencies look higher than they are.{' '}
          <a href="#workers">Workers</a> has the figures.
        </p>
      )}
      {health.saturated === true && (
        <p className="notice fails">
          The load generator was saturated: no time on this page proves anything of the target.{' '}
          {health.reasons.join('. ')}
        </p>
      )}
    </div>
  );
}
