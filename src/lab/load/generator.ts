/**
 * The load generator's own process, started by load-process.ts over Node's IPC channel. Once a second it
 * reports what its users saw, and how it fares itself. It ends with its parent.
 */
import { nowMs } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { watchOwnProcess } from './generator-vitals.ts';
import { LoadEngine } from './load-engine.ts';
import type { LoadPlan } from './load-plan.ts';
import type { GeneratorCommand, GeneratorReport } from './messages.ts';

const windowMs = 1_000;
const maxTracebackLength = 4_000;

let engine: LoadEngine | undefined;

function report(message: GeneratorReport, onSent?: () => void): void {
  if (process.send !== undefined && process.connected) process.send(message, undefined, {}, onSent);
}

function run(plan: LoadPlan): void {
  const vitals = watchOwnProcess();
  const created = new LoadEngine(plan, {
    share: { index: 0, processes: 1 },
    onRamped: () => report({ type: 'ramped' }),
    onException: (error) =>
      report({ type: 'exception', message: messageOf(error), traceback: tracebackOf(error) }),
  });
  engine = created;
  let windowStart = performance.now();
  const sample = (): void => {
    const now = performance.now();
    const { byName, starts, arrivals } = created.recorder.take();
    report({
      type: 'sample',
      atMs: nowMs(),
      sample: {
        windowMs: Math.round((now - windowStart) * 1000) / 1000,
        users: created.users,
        byName,
        generator: { ...vitals.take(), ...starts },
        ...(arrivals === undefined ? {} : { arrivals }),
      },
    });
    windowStart = now;
  };
  let ticker: NodeJS.Timeout | undefined;
  const begin = (): void => {
    windowStart = performance.now();
    vitals.take();
    ticker = setInterval(sample, windowMs);
  };
  const finish = (last: GeneratorReport): void => {
    vitals.stop();
    if (ticker !== undefined) {
      clearInterval(ticker);
      sample();
    }
    report(last, () => process.disconnect?.());
  };
  created
    .prepare()
    .then(async (preparation) => {
      if (preparation === undefined) return;
      report({ type: 'planned', summary: preparation.summary });
      begin();
      await created.start(preparation);
    })
    .then(() => created.done)
    .then(
      () => finish({ type: 'finished' }),
      (error: unknown) => {
        const code = error instanceof GaugewayError ? error.code : 'internal';
        finish({ type: 'failed', code, message: messageOf(error) });
      },
    );
}

function tracebackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '').slice(0, maxTracebackLength) : '';
}

process.on('message', (command: GeneratorCommand) => {
  switch (command.type) {
    case 'start':
      return run(command.plan);
    case 'users':
      return engine?.setUsers(command.users, command.spawnRate);
    case 'stop':
      return void engine?.stop(command.graceMs);
  }
});
// Ctrl-C reaches the whole process group; the parent decides how the load ends.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
if (process.send === undefined) {
  process.stderr.write('the load generator is started by `gaugeway load` or `gaugeway session`\n');
  process.exitCode = 2;
}
