import { z } from 'zod';
import { capacitySchema } from './capacity/capacity-schema.ts';
import { chartUnits } from './timeline/charts/chart-definition.ts';
import { phaseNames } from './timeline/events.ts';
import { overheadSchema } from './timeline/overhead-schema.ts';
import { processRoles } from '../shared/stack-description.ts';

/** The result document of a run, `run.json`. Its JSON Schema is generated to docs/reference/run.schema.json. */
export const runSchemaVersion = 1;

export const verdicts = ['fail', 'warn', 'pass', 'not-applicable', 'error'] as const;
export type Verdict = (typeof verdicts)[number];

const evidence = z.object({
  text: z.string().meta({ description: 'One sentence with its figures' }),
  source: z.string().meta({ description: 'Where it was read, e.g. `pg_stat_user_tables`, `cpu profile`' }),
  chart: z.string().optional().meta({ description: 'Id of the timeline chart that shows it' }),
  file: z.string().optional().meta({ description: 'Path within the bundle (plan or profile)' }),
  startMs: z.number().optional(),
  endMs: z.number().optional(),
});

const finding = z.object({
  ruleId: z.string(),
  verdict: z.enum(verdicts),
  title: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  confidence: z.number().min(0).max(1),
  impact: z.number().min(0).max(1).meta({
    description:
      'Share of the response time that it explains; of what it uses up (a core, the connections) where that is not known',
  }),
  evidence: z.array(evidence),
  counterEvidence: z.array(evidence),
  advice: z.array(z.string()),
});

const notTold = 'Null where the tool that drives the load does not tell it';
const requestStats = z.object({
  name: z.string(),
  requests: z.number().int(),
  failures: z.number().int(),
  failuresByKind: z.record(z.string(), z.number()),
  rps: z.number(),
  meanMs: z.number(),
  minMs: z.number().nullable().meta({ description: notTold }),
  p50Ms: z.number().nullable().meta({ description: notTold }),
  p95Ms: z.number().nullable().meta({ description: notTold }),
  p99Ms: z.number().nullable().meta({ description: notTold }),
  maxMs: z.number().nullable().meta({ description: notTold }),
  reported: z
    .object({
      minMs: z.number(),
      maxMs: z.number(),
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
    })
    .optional()
    .meta({
      description:
        'What a tool tells that gives no distribution: rounded, and over the whole of its test, not only over this time',
    }),
  service: z
    .object({
      meanMs: z.number(),
      p50Ms: z.number(),
      p95Ms: z.number(),
      p99Ms: z.number(),
      maxMs: z.number(),
    })
    .optional()
    .meta({
      description:
        'From the sending of a request, in the open model; the others count from its intended start',
    }),
});

const thresholdResult = z.object({
  threshold: z.string().meta({ description: 'As it was asked for, e.g. `tools/call:p99<500ms`' }),
  value: z.number().nullable().meta({
    description: 'Null when no request finished, or the tool that drives the load does not tell the figure',
  }),
  unit: z.enum(['ms', '%', '/s']),
  limit: z.number().meta({ description: 'In the same unit' }),
  passed: z.boolean(),
  endedTheLoad: z.boolean(),
  windows: z
    .object({ checked: z.number().int(), broken: z.number().int() })
    .meta({ description: 'Windows of a second, each by itself' }),
});

export const runDocumentSchema = z
  .object({
    schemaVersion: z.literal(runSchemaVersion),
    id: z.string(),
    name: z.string(),
    startedAt: z.iso.datetime(),
    durationMs: z.number(),
    interrupted: z.boolean().meta({ description: 'True when the run was stopped before its end' }),
    abortedBy: z
      .string()
      .optional()
      .meta({ description: 'The threshold that ended the load, when one was to end it' }),
    versions: z.record(z.string(), z.string()),
    stack: z.object({
      name: z.string(),
      embedded: z.boolean(),
      gatewayUrl: z.string(),
      postgres: z.string().nullable().meta({ description: 'DSN with its password masked' }),
      pgbouncer: z.string().nullable().default(null).meta({ description: 'DSN with its password masked' }),
      redis: z.string().nullable().default(null).meta({ description: 'URL with its password masked' }),
      nginx: z
        .object({ statusUrl: z.string().optional(), accessLog: z.string().optional() })
        .nullable()
        .default(null),
      processes: z.array(z.object({ role: z.enum(processRoles), name: z.string(), pid: z.number().int() })),
      containers: z.array(z.object({ role: z.enum(processRoles), name: z.string() })).default([]),
      logs: z
        .array(z.object({ role: z.enum(processRoles), name: z.string(), from: z.string() }))
        .default([])
        .meta({ description: 'e.g. `file /var/log/gateway.log`, `container gateway-1`, `unit gateway`' }),
    }),
    settings: z.object({
      users: z.number().nullable().meta({ description: 'Null when another tool decides' }),
      spawnRate: z.number().nullable().meta({ description: 'Null when another tool decides' }),
      durationMs: z
        .number()
        .nullable()
        .meta({ description: 'Of the steady phase; null when it lasts as long as the load of another tool' }),
      scenario: z.string(),
      driver: z.string().optional().meta({
        description: 'The tool that drives the load, when it is not ours, e.g. `Locust at HOST:PORT`',
      }),
      arrivals: z
        .string()
        .optional()
        .meta({ description: 'The open model, e.g. `200/s` or `10s:50,30s:200`' }),
      userStages: z.string().optional().meta({
        description: 'The closed model in stages, e.g. `30s:50,1m:200`; `users` is the most of them',
      }),
      thresholds: z.array(z.string()).optional().meta({ description: 'Limits that the load must keep' }),
      ramp: z
        .object({ startUsers: z.number().int(), maxUsers: z.number().int() })
        .optional()
        .meta({ description: 'Of a run that looks for the capacity' }),
    }),
    phases: z.array(z.object({ name: z.enum(phaseNames), startMs: z.number(), endMs: z.number() })),
    load: requestStats
      .omit({ name: true })
      .extend({
        byName: z.array(requestStats),
        arrivals: z
          .object({ planned: z.number().int(), late: z.number().int(), dropped: z.number().int() })
          .optional()
          .meta({ description: 'In the open model: tasks that the clock asked for' }),
        generator: z.object({
          cpuPercent: z.number().nullable().meta({ description: notTold }),
          eventLoopDelayP99Ms: z.number().nullable().meta({ description: notTold }),
          lateStartPercent: z.number().nullable().meta({ description: notTold }),
          saturated: z.boolean().nullable().default(null).meta({
            description:
              'True when the generator was its own limit: no latency can be believed. Null when it told nothing of itself',
          }),
          reasons: z.array(z.string()).default([]).meta({
            description: 'What a process of the generator was short of; of one that was only disturbed, too',
          }),
        }),
      })
      .meta({ description: 'The steady phase; the whole load when the run never became steady' }),
    phaseFigures: z
      .array(
        z.object({
          title: z.string().meta({ description: 'e.g. `requests`, `CPU: gateway`' }),
          unit: z.enum(chartUnits),
          byPhase: z
            .partialRecord(z.enum(phaseNames), z.number().nullable())
            .meta({ description: 'Null where the phase does not tell it' }),
        }),
      )
      .optional()
      .meta({ description: 'What each phase of the run was like; counters as their growth per second' }),
    away: z
      .array(
        z.object({
          source: z.string(),
          target: z.string(),
          phase: z.enum(phaseNames),
          awayMs: z.number().meta({ description: 'From the last reading to the next one' }),
        }),
      )
      .optional()
      .meta({
        description: 'Sources that were read and then could not be for a while; how long of each phase',
      }),
    overhead: overheadSchema.optional(),
    thresholds: z.array(thresholdResult).optional().meta({
      description:
        'What became of the limits, over the same time as `load`; with `capacity` at the level that it answers with',
    }),
    capacity: capacitySchema.optional(),
    collectors: z.array(
      z.object({
        name: z.string(),
        target: z.string(),
        ok: z.boolean(),
        required: z.boolean(),
        samples: z.number().int(),
        gaps: z.number().int(),
        costMs: z.number().meta({ description: 'Mean wall milliseconds per sample' }),
        clockOffsetMs: z
          .number()
          .optional()
          .meta({ description: "How far the source's clock was ahead of the run's, as it was last asked" }),
        clockErrorMs: z.number().optional().meta({ description: 'Give or take, half of the time of asking' }),
        error: z.string().optional(),
        notApplicable: z
          .literal(true)
          .optional()
          .meta({ description: 'What is watched does not have this source: nothing is missing' }),
      }),
    ),
    profiles: z.array(
      z.object({
        target: z.string(),
        pid: z.number().int(),
        thread: z
          .string()
          .exactOptional()
          .meta({ description: 'Absent before threads were told apart: the main one' }),
        profiler: z
          .enum(['v8', 'py-spy', 'perf'])
          .exactOptional()
          .meta({ description: "Absent before there was another: V8's" }),
        role: z
          .enum(processRoles)
          .exactOptional()
          .meta({ description: 'Absent before others were profiled: a gateway' }),
        startMs: z.number(),
        endMs: z.number(),
        file: z.string(),
      }),
    ),
    findings: z
      .array(finding)
      .meta({ description: 'Verdicts fail, warn and error, the likeliest cause first' }),
    ruledOut: z.array(finding).meta({ description: 'What was checked and found in order' }),
    notChecked: z.array(z.object({ ruleId: z.string(), title: z.string(), reason: z.string() })),
  })
  .meta({ id: 'gaugeway-run', title: 'Gaugeway run' });

export type RunDocument = z.infer<typeof runDocumentSchema>;
export type Finding = z.infer<typeof finding>;
export type ThresholdResult = z.infer<typeof thresholdResult>;
export type Evidence = z.infer<typeof evidence>;
/** Requests by whoever drives the load: what it does not tell is null. */
export type ObservedStats = z.infer<typeof requestStats>;
/** Requests that were all timed one by one, so that every figure is known. */
export type RequestStats = { [Figure in keyof ObservedStats]: Exclude<ObservedStats[Figure], null> };
