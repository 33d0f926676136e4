import { fromCpuProfile } from '../../src/lab/profile/from-cpuprofile.ts';
import { createHash } from 'node:crypto';
import { Session } from 'node:inspector/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Series, Slot } from '../../src/lab/diagnose/artifacts.ts';
import { summarizeLoad } from '../../src/lab/load/load-statistics.ts';
import { runSchemaVersion, type RunDocument } from '../../src/lab/run-document.ts';
import { createBundle, writeRunDocument, type Bundle } from '../../src/lab/timeline/bundle.ts';
import type { PlanDocument, SampleEvent } from '../../src/lab/timeline/events.ts';
import { profileWindow } from './synthetic-profile.ts';
import { gatewayPid, loadWindow, syntheticRun, tableCounters } from './synthetic-run.ts';

const startedAtMs = Date.UTC(2026, 2, 1, 10, 0, 0);
const gateway = `gateway (pid ${gatewayPid})`;
const replicaPid = gatewayPid + 1;
const replica = `gateway-2 (pid ${replicaPid})`;

/**
 * Writes the bundle of a run whose lists scan a large table, as a session would leave it before analysis: samples
 * by `syntheticRun`, CPU profiles really taken of this process. `query` stands in the plan and the statements.
 */
export async function writeReportBundle(
  folder: string,
  options: { name?: string; query?: string; seconds?: number } = {},
): Promise<void> {
  const {
    name = 'slow-lists',
    query = 'SELECT * FROM tool_metrics WHERE tool_id = $1',
    seconds = 24,
  } = options;
  const bundle = await createBundle(folder);
  await writeRunDocument(folder, openingDocument(name, seconds));
  bundle.settings({ users: 10, spawnRate: 5, durationMs: seconds * 1000, scenario: 'mcp-mixed' });
  appendSamples(bundle, seconds);
  bundle.gap('prometheus', 'gateway', new Error('GET /metrics/prometheus: 503'));
  await bundle.plan(planOf(query));
  for (const window of [0, 1, 2]) {
    const startMs = startedAtMs + 6000 + window * 5000;
    const place = { name: gateway, startMs, endMs: startMs + 5000 };
    const profile = fromCpuProfile(await recordProfile(), place);
    await bundle.profile(gateway, { pid: gatewayPid, thread: 'main', profiler: 'v8' }, profile);
    await profileReplica(bundle, startMs, window);
  }
  await bundle.close();
}

/** Another gateway and a worker thread of it, which recompile their templates in the second of three windows. */
async function profileReplica(bundle: Bundle, startMs: number, window: number): Promise<void> {
  const render = ['serve /app/src/server.ts', 'renderAnswer /app/src/render.ts'];
  const compile = [...render, 'recompileTemplate /app/src/render.ts'];
  const main = [
    { stack: render, ms: 1000 },
    { stack: window === 1 ? compile : [], ms: 3000 },
    { stack: ['serve /app/src/server.ts', 'writeLog /app/src/log.ts'], ms: 1000 },
  ];
  const of = { pid: replicaPid, profiler: 'v8' as const, role: 'gateway' as const };
  const { profile } = profileWindow(main, startMs);
  await bundle.profile(replica, { ...of, thread: 'main' }, profile);
  const worker = profileWindow([{ stack: ['resizeImages /app/src/images.ts'], ms: 5000 }], startMs);
  await bundle.profile(replica, { ...of, thread: 'worker 1' }, worker.profile);
}

function appendSamples(bundle: Bundle, seconds: number): void {
  const run = syntheticRun({
    seconds,
    noise: 0.5,
    toolCallMs: 6,
    change: {
      load: (sample, second) => ({
        ...sample,
        byName: {
          ...sample.byName,
          // The second of three profile windows is the worst.
          'tools/list': loadWindow(12, second < 6 ? 20 : second > 11 && second <= 16 ? 520 : 180),
          'tools/call demo-fail': {
            ...loadWindow(4, 8),
            failures: second > 20 ? 1 : 0,
            failuresByKind: second > 20 ? { isError: 1 } : {},
          },
        },
      }),
      postgres: (sample, second) => ({
        ...sample,
        connections: [
          { state: 'active', count: second > 5 ? 4 : 1, maxStateAgeS: 0.2, maxTransactionAgeS: 0.2 },
          { state: 'idle', count: 6, maxStateAgeS: 30, maxTransactionAgeS: 0 },
          { state: 'idle in transaction', count: second % 3, maxStateAgeS: 0.02, maxTransactionAgeS: 0.05 },
        ],
        tables: [
          tableCounters('tool_metrics', {
            liveRows: 400_000,
            seqScan: second * 12,
            seqTupRead: second * 4_800_000,
          }),
          tableCounters('tools', { liveRows: 40, seqScan: second * 20, seqTupRead: second * 800 }),
        ],
      }),
    },
  });
  for (const phase of run.phases.status === 'ok' ? run.phases.value : []) {
    bundle.append({ kind: 'phase', atMs: startedAtMs + phase.startMs, phase: phase.name, edge: 'start' });
    bundle.append({ kind: 'phase', atMs: startedAtMs + phase.endMs, phase: phase.name, edge: 'end' });
  }
  const samples: SampleEvent[] = [
    ...eventsOf(run.load, (target, atMs, data) => ({
      kind: 'sample',
      source: 'load',
      target,
      atMs,
      costMs: 0,
      data,
    })),
    ...eventsOf(run.postgres, (target, atMs, data) => ({
      kind: 'sample',
      source: 'postgres',
      target,
      atMs,
      costMs: 3.2,
      data,
    })),
    ...eventsOf(run.statements, (target, atMs, data) => ({
      kind: 'sample',
      source: 'statements',
      target,
      atMs,
      costMs: 4.8,
      data,
    })),
    ...eventsOf(run.process, (target, atMs, data) => ({
      kind: 'sample',
      source: 'process',
      target,
      atMs,
      costMs: 0.2,
      data,
    })),
    ...eventsOf(run.node, (target, atMs, data) => ({
      kind: 'sample',
      source: 'node',
      target,
      atMs,
      costMs: 0.9,
      data,
    })),
    ...eventsOf(run.prometheus, (target, atMs, data) => ({
      kind: 'sample',
      source: 'prometheus',
      target,
      atMs,
      costMs: 1.1,
      data,
    })),
  ];
  for (const event of samples.toSorted((a, b) => a.atMs - b.atMs)) bundle.append(event);
}

function eventsOf<T>(
  slot: Slot<Map<string, { atMs: number; data: T }[]>>,
  event: (target: string, atMs: number, data: T) => SampleEvent,
): SampleEvent[] {
  if (slot.status !== 'ok') return [];
  return [...slot.value].flatMap(([target, samples]) =>
    samples.map(({ atMs, data }) => event(target, startedAtMs + atMs, data)),
  );
}

/** What a session leaves before its first sample. */
export function openingDocument(name: string, seconds: number): RunDocument {
  const noLoad: Series<'load'> = new Map();
  return {
    schemaVersion: runSchemaVersion,
    id: 'report-bundle',
    name,
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: (seconds + 7) * 1000,
    interrupted: false,
    versions: { gaugeway: '0.1.0', node: process.version },
    stack: {
      name: 'embedded',
      embedded: true,
      gatewayUrl: 'http://127.0.0.1:4444',
      postgres: 'postgres://gaugeway:***@127.0.0.1:5432/gaugeway',
      pgbouncer: null,
      redis: null,
      nginx: null,
      processes: [{ role: 'gateway', name: 'gateway', pid: gatewayPid }],
      containers: [],
      logs: [],
    },
    settings: { users: 10, spawnRate: 5, durationMs: seconds * 1000, scenario: 'mcp-mixed' },
    phases: [],
    load: summarizeLoad([...noLoad.values()].flat()),
    collectors: [],
    profiles: [],
    findings: [],
    ruledOut: [],
    notChecked: [],
  };
}

function planOf(sql: string): PlanDocument {
  return {
    queryId: '-42',
    sql,
    mode: 'analyze',
    calls: 288,
    meanMs: 141,
    plan: {
      'Node Type': 'Aggregate',
      'Plan Rows': 1,
      'Actual Rows': 1,
      'Actual Loops': 1,
      'Actual Total Time': 141.2,
      Plans: [
        {
          'Node Type': 'Seq Scan',
          Schema: 'public',
          'Relation Name': 'tool_metrics',
          Alias: 'tool_metrics',
          'Plan Rows': 41,
          Filter: '(tool_id = 17)',
          'Actual Rows': 40,
          'Actual Loops': 1,
          'Actual Total Time': 140.9,
          'Rows Removed by Filter': 399_960,
        },
      ],
    },
    sequentialScans: [{ schema: 'public', table: 'tool_metrics', liveRows: 400_000, keptShare: 0.0001 }],
  };
}

/** A V8 profile of this process while it does a little of everything: own code, a dependency, the runtime, waiting. */
/** V8's own profile of a tenth of a second in which this process validates, serialises and hashes: `hashEverything`. */
export async function recordProfile(): Promise<object> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
    const endMs = performance.now() + 120;
    while (performance.now() < endMs) {
      hashEverything(serialiseCatalogue());
      await wait(4);
    }
    const { profile } = await session.post('Profiler.stop');
    return profile;
  } finally {
    session.disconnect();
  }
}

const toolSchema = z.array(
  z.object({ name: z.string(), description: z.string(), tags: z.array(z.string()) }),
);

function serialiseCatalogue(): string {
  const tools = Array.from({ length: 120 }, (_, index) => ({
    name: `demo-tool-${index}`,
    description: 'converts a time',
    tags: ['time', `group-${index % 7}`],
  }));
  return JSON.stringify(toolSchema.parse(JSON.parse(JSON.stringify(tools))));
}

function hashEverything(text: string): string {
  let digest = text;
  for (let round = 0; round < 12; round += 1)
    digest = createHash('sha256')
      .update(digest + text)
      .digest('hex');
  return digest;
}
