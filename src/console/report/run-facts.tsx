import type { ReactNode } from 'react';
import type { RunDocument } from '../../lab/run-document.ts';
import { formatMs, formatNumber, formatShare } from '../format/format-value.ts';

/** What was measured, with what, so that a run can be repeated and compared. */
export function RunFacts({ run }: { run: RunDocument }): ReactNode {
  const { stack, settings, load } = run;
  const facts: [string, ReactNode][] = [
    ['Run', run.id],
    ['Started', run.startedAt],
    ['Stack', `${stack.name}${stack.embedded ? ' (embedded)' : ''}`],
    ['Gateway', stack.gatewayUrl],
    ['PostgreSQL', stack.postgres ?? 'not given'],
    ...stack.processes.map((process): [string, ReactNode] => [
      process.role,
      `${process.name}, pid ${process.pid}`,
    ]),
    [
      'Load',
      `${formatNumber(settings.users)} users at ${formatNumber(settings.spawnRate)}/s, scenario ${settings.scenario}, ${settings.arrivals === undefined ? '' : `arrivals ${settings.arrivals}, `}${formatMs(settings.durationMs)}`,
    ],
    ...arrivalFacts(load),
    [
      'Generator',
      `${formatNumber(load.generator.cpuPercent)} % CPU, event loop delay p99 ${formatMs(load.generator.eventLoopDelayP99Ms)}, ${formatShare(load.generator.lateStartPercent / 100)} late starts`,
    ],
    ...Object.entries(run.versions).map(([name, version]): [string, ReactNode] => [name, version]),
  ];
  return (
    <section id="run" aria-labelledby="run-title">
      <h2 id="run-title">Stack, settings and versions</h2>
      <dl className="facts">
        {facts.map(([name, value], index) => (
          <div key={index}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The open model: whether what was asked for was sent, and the times without what requests waited to be sent. */
function arrivalFacts({ arrivals, service }: RunDocument['load']): [string, string][] {
  if (arrivals === undefined) return [];
  const { planned, late, dropped } = arrivals;
  const counts = `${formatNumber(planned)}, ${formatNumber(late)} late, ${formatNumber(dropped)} dropped`;
  if (service === undefined) return [['Arrivals', counts]];
  const times = `p50 ${formatMs(service.p50Ms)}, p95 ${formatMs(service.p95Ms)}, p99 ${formatMs(service.p99Ms)}`;
  return [
    ['Arrivals', counts],
    ['Service time', times],
  ];
}
