import { useMemo, type ReactNode } from 'react';
import type { Capacity as CapacityResult, CapacityStep } from '../../lab/capacity/capacity-schema.ts';
import { describeModel, throughputAt } from '../../lab/capacity/throughput-models.ts';
import { CurveChart, type CurveSeries } from '../charts/curve-chart.tsx';
import { formatMs, formatNumber, formatShare } from '../format/format-value.ts';
import { RichText } from '../format/rich-text.tsx';
import type { Theme } from '../theme/use-theme.ts';

const fitPoints = 100;

/** What a run that looked for the capacity found: the curve, what limits it, the levels and the fits. */
export function Capacity({ capacity, theme }: { capacity: CapacityResult; theme: Theme }): ReactNode {
  const { answer, knee, limit, latencyKneeUsers, steps, fits, caveats, advice } = capacity;
  const { throughput, latency, marked } = useMemo(() => chartsOf(capacity), [capacity]);
  return (
    <section id="capacity" aria-labelledby="capacity-title">
      <h2 id="capacity-title">Capacity</h2>
      <dl className="facts">
        {answer !== null && (
          <Fact name={answer.atLeast ? 'At least' : 'Capacity'}>
            {formatNumber(answer.rps)} requests/s with {formatNumber(answer.users)} users
            {answer.interval !== null &&
              `; ${formatNumber(answer.interval.low)} to ${formatNumber(answer.interval.high)} in 95 of 100, by the spread of the seconds`}
          </Fact>
        )}
        {knee !== null && (
          <Fact name="Knee">
            {formatNumber(knee.users)} users, between the measured {formatNumber(knee.between[0])} and{' '}
            {formatNumber(knee.between[1])}
            {knee.by !== 'steps' &&
              `; where the fitted ${knee.by === 'bounds' ? 'lines cross' : 'curve has it'}`}
            {knee.interval !== null &&
              ` (${formatNumber(knee.interval.low)} to ${formatNumber(knee.interval.high)})`}
          </Fact>
        )}
        {latencyKneeUsers !== null && (
          <Fact name="p95 doubled">from {formatNumber(latencyKneeUsers)} users on</Fact>
        )}
        {limit !== null && (
          <Fact name="Limit">
            <RichText text={limit.text} />
          </Fact>
        )}
        {fits.map((fit, index) => (
          <Fact key={fit.model.kind} name={index === 0 ? 'Best fit' : 'Also fitted'}>
            {fit.model.kind === 'usl' ? 'Universal Scalability Law' : 'operational bounds'},{' '}
            {describeModel(fit.model)}, R² {fit.rSquared.toFixed(3)}
            {fit.peak !== null &&
              `, peak ${formatNumber(fit.peak.rps)}/s at ${formatNumber(fit.peak.users)} users${fit.peak.extrapolated ? ' (extrapolated)' : ''}`}
          </Fact>
        ))}
      </dl>
      <ul>
        {advice.map((text) => (
          <li key={text}>{text}</li>
        ))}
        {caveats.map((text) => (
          <li key={text}>
            <span className="mark-warn">! {text}</span>
          </li>
        ))}
      </ul>
      {steps.length > 0 && (
        <>
          <CurveChart
            title="Throughput"
            unit="requests that succeeded, per second"
            xUnit="users"
            series={throughput}
            marked={marked}
            theme={theme}
            description={`Throughput against users. ${steps.map(({ users, rps }) => `${users} users: ${formatNumber(rps)} per second.`).join(' ')}`}
          />
          <CurveChart
            title="Response time"
            unit="ms"
            xUnit="users"
            series={latency}
            marked={marked}
            theme={theme}
            description={`Response time against users. ${steps.map(({ users, p95Ms }) => `${users} users: p95 ${p95Ms === null ? 'not known' : formatMs(p95Ms)}.`).join(' ')}`}
          />
          <Steps steps={steps} />
        </>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Steps({ steps }: { steps: readonly CapacityStep[] }): ReactNode {
  const rows = steps.toSorted((a, b) => a.users - b.users || a.startMs - b.startMs);
  return (
    <div className="table-scroll">
      <table>
        <caption>
          The levels that were held. Gain: more throughput for 20 % more users, against the next fewer ones.
        </caption>
        <thead>
          <tr>
            <th className="number">Users</th>
            <th className="number">Requests/s</th>
            <th className="number">p50</th>
            <th className="number">p95</th>
            <th className="number">Failed</th>
            <th className="number">Gain</th>
            <th>Generator</th>
            <th>Busiest process</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((step) => (
            <tr key={step.startMs}>
              <th scope="row" className="number">
                {formatNumber(step.users)}
                {step.role === 'hold' && ' (hold)'}
              </th>
              <td className="number">
                {formatNumber(step.rps)} ± {formatNumber(step.rpsStandardError)}
              </td>
              <td className="number">{step.p50Ms === null ? '–' : formatMs(step.p50Ms)}</td>
              <td className="number">{step.p95Ms === null ? '–' : formatMs(step.p95Ms)}</td>
              <td className="number">{formatShare(step.failedShare)}</td>
              <td className="number">
                {step.gainPer20Percent === null ? '–' : formatShare(step.gainPer20Percent)}
              </td>
              <td className={step.generator === 'ok' ? '' : 'mark-warn'}>{step.generator}</td>
              <td>
                {step.busiest === null
                  ? '–'
                  : `${step.busiest.target} ${formatNumber(step.busiest.cpuPercent)} %`}
                {step.broken.length > 0 && <div className="mark-fail">✕ {step.broken.join(', ')}</div>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function chartsOf({ steps, fits, knee }: CapacityResult): {
  throughput: CurveSeries[];
  latency: CurveSeries[];
  marked: { x: number; label: string } | null;
} {
  const counted = steps.filter(({ generator }) => generator !== 'saturated');
  const mostUsers = Math.max(1, ...counted.map(({ users }) => users));
  const model = fits[0]?.model;
  const measured = counted.map(({ users, rps }) => ({ x: users, y: rps }));
  const latencyOf = (read: (step: CapacityStep) => number | null): CurveSeries['points'] =>
    counted.flatMap((step) => {
      const y = read(step);
      return y === null ? [] : [{ x: step.users, y }];
    });
  return {
    throughput: [
      { label: 'measured', mark: 'points', points: measured },
      ...(model === undefined
        ? []
        : [
            {
              label: model.kind === 'usl' ? 'Universal Scalability Law' : 'operational bounds',
              mark: 'line' as const,
              points: Array.from({ length: fitPoints + 1 }, (_, index) => {
                const x = (index / fitPoints) * mostUsers;
                return { x, y: throughputAt(model, x) };
              }),
            },
          ]),
    ],
    latency: [
      { label: 'p50', mark: 'both', points: latencyOf(({ p50Ms }) => p50Ms) },
      { label: 'p95', mark: 'both', points: latencyOf(({ p95Ms }) => p95Ms) },
    ],
    marked: knee === null ? null : { x: knee.users, label: `knee at ${formatNumber(knee.users)}` },
  };
}
