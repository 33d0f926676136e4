import { z } from 'zod';
import { rampEnds } from './step-planner.ts';

const step = z.object({
  users: z.number().int(),
  role: z
    .enum(['ramp', 'hold'])
    .meta({ description: '`hold`: the steady phase, just past the limit, that the findings are about' }),
  startMs: z.number(),
  endMs: z.number(),
  rps: z.number().meta({ description: 'Requests that succeeded, per second' }),
  rpsStandardError: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  failedShare: z.number().min(0).max(1),
  gainPer20Percent: z.number().nullable().meta({
    description: 'Growth of throughput for 20 % more users, as a share, against the next fewer users',
  }),
  broken: z.array(z.string()).meta({ description: 'Thresholds that it broke' }),
  generator: z.enum(['ok', 'disturbed', 'saturated']),
  generatorCpuPercent: z.number().nullable(),
  busiest: z
    .object({ target: z.string(), cpuPercent: z.number() })
    .nullable()
    .meta({ description: 'The watched process that used most of a core' }),
});

const usl = z.object({
  kind: z.literal('usl'),
  lambdaRps: z.number(),
  sigma: z.number().min(0),
  kappa: z.number().min(0),
});
const bounds = z.object({ kind: z.literal('bounds'), cycleMs: z.number(), maxRps: z.number() });

const fit = z.object({
  model: z.discriminatedUnion('kind', [usl, bounds]),
  rSquared: z.number(),
  peak: z.object({ users: z.number(), rps: z.number(), extrapolated: z.boolean() }).nullable().meta({
    description: 'Of the USL, where it has one; extrapolated: beyond the most users that were measured',
  }),
});

const interval = z.object({ low: z.number(), high: z.number() });

/** What `gaugeway capacity` adds to the result document of a run. */
export const capacitySchema = z.object({
  ended: z
    .enum([...rampEnds, 'interrupted'])
    .meta({ description: 'What ended the ramp; `interrupted` also of a run that was killed' }),
  answer: z
    .object({
      rps: z.number(),
      interval: interval.nullable().meta({ description: '95 of 100, by the noise of the seconds' }),
      users: z.number().int().meta({
        description:
          'A measured level that reached it: the fewest users past a knee, the most where none was seen',
      }),
      atLeast: z.boolean().meta({ description: 'The stack did not reach its limit: it may hold more' }),
    })
    .nullable()
    .meta({ description: 'Null when not even the first level could be served within the thresholds' }),
  knee: z
    .object({
      users: z.number(),
      interval: interval.nullable(),
      between: z
        .tuple([z.number(), z.number()])
        .meta({ description: 'Measured levels that it lies between' }),
      by: z.enum(['usl', 'bounds', 'steps']),
    })
    .nullable()
    .meta({ description: 'Where 20 % more users give less than 5 % more throughput' }),
  latencyKneeUsers: z
    .number()
    .nullable()
    .meta({ description: 'From here on p95 is at least twice that of the least contended level' }),
  fits: z.array(fit).meta({ description: 'The one that describes the steps best first' }),
  limit: z
    .object({
      layer: z.enum([
        'generator',
        'gateway',
        'container',
        'postgres',
        'pgbouncer',
        'redis',
        'upstream',
        'nginx',
        'elsewhere',
        'unknown',
      ]),
      text: z.string(),
      ruleId: z.string().nullable(),
    })
    .nullable()
    .meta({ description: 'What was at its limit; null when the ramp ended before anything was' }),
  steps: z.array(step).meta({ description: 'In the order that they were taken' }),
  caveats: z.array(z.string()),
  advice: z.array(z.string()),
});

export type Capacity = z.infer<typeof capacitySchema>;
export type CapacityStep = z.infer<typeof step>;
