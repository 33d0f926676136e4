import { z } from 'zod';

const spread = z.object({ mean: z.number(), p95: z.number() });

/** What watching a run cost; figures that the run does not tell are null. */
export const overheadSchema = z
  .object({
    labCpuPercent: spread.nullable().meta({
      description: 'Of one core: the process that watches, in seconds without a CPU profile to fetch',
    }),
    profilingCpuPercent: spread
      .nullable()
      .meta({ description: 'Of one core: the same in seconds in which a CPU profile was fetched' }),
    profilersCpuPercent: spread.nullable().default(null).meta({
      description: 'Of one core: py-spy and perf in the seconds in which they took CPU profiles',
    }),
    databaseMsPerTick: spread
      .nullable()
      .meta({ description: 'Milliseconds that PostgreSQL worked for one look at it' }),
    exceeded: z
      .array(z.string())
      .meta({ description: 'Budgets that were not kept, in words; empty when all were' }),
  })
  .meta({ description: 'What watching cost' });

export type Overhead = z.infer<typeof overheadSchema>;
