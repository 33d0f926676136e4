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
      `${formatNumber(settings.users)} users at ${formatNumber(settings.spawnRate)}/s, scenario ${settings.scenario}, ${formatMs(settings.durationMs)}`,
    ],
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
