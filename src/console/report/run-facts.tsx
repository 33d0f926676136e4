import type { ReactNode } from 'react';
import type { RunDocument } from '../../lab/run-document.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';

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
    ['Load', loadFact(settings)],
    ...arrivalFacts(load),
    ['Generator', generatorFact(load.generator)],
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

function loadFact(settings: RunDocument['settings']): string {
  const { users, spawnRate, userStages, scenario, arrivals, durationMs } = settings;
  const pace =
    userStages === undefined ? `at ${formatNumber(spawnRate ?? 0)}/s` : `at most, in stages ${userStages}`;
  return [
    ...(users === null ? [] : [`${formatNumber(users)} users${spawnRate === null ? '' : ` ${pace}`}`]),
    `scenario ${scenario}`,
    ...(arrivals === undefined ? [] : [`arrivals ${arrivals}`]),
    durationMs === null ? 'as long as it took' : formatMs(durationMs),
  ].join(', ');
}

/** Another tool that drives the load may tell its CPU, or nothing. */
function generatorFact(generator: RunDocument['load']['generator']): string {
  const { cpuPercent, eventLoopDelayP99Ms, lateStartPercent, saturated } = generator;
  const known = [
    ...(cpuPercent === null ? [] : [`${formatNumber(cpuPercent)} % CPU`]),
    ...(eventLoopDelayP99Ms === null ? [] : [`event loop delay p99 ${formatMs(eventLoopDelayP99Ms)}`]),
    ...(lateStartPercent === null ? [] : [`${formatNumber(lateStartPercent)} % late starts`]),
    ...(saturated ? ['saturated, so no response time can be believed'] : []),
  ];
  return known.length === 0 ? 'not known' : known.join(', ');
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
