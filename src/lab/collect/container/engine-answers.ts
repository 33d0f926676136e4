import { z } from 'zod';

/** What is read of the Engine API's answers (1.41), of Docker and of podman. Other fields are left out. */

const bytes = z.number().nonnegative();

export const versionAnswer = z.object({
  Components: z.array(z.object({ Name: z.string() })).optional(),
});

export const listAnswer = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    Image: z.string().default(''),
    State: z.string().default(''),
  }),
);

export const inspectAnswer = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), Pid: z.number(), StartedAt: z.string().default('') }),
  HostConfig: z.object({
    NanoCpus: z.number().default(0),
    CpuQuota: z.number().default(0),
    CpuPeriod: z.number().default(0),
    Memory: z.number().default(0),
  }),
});
/** `GET /containers/NAME/json`. */
export type InspectAnswer = z.output<typeof inspectAnswer>;

export const statsAnswer = z.object({
  /** By the engine's clock; the year 1 of a container that does not run. */
  read: z.string(),
  cpu_stats: z.object({
    cpu_usage: z.object({
      total_usage: z.number(),
      percpu_usage: z.array(z.number()).nullish(),
    }),
    system_cpu_usage: z.number().optional(),
    online_cpus: z.number().optional(),
    throttling_data: z
      .object({ periods: z.number(), throttled_periods: z.number(), throttled_time: z.number() })
      .optional(),
  }),
  memory_stats: z
    .object({
      usage: bytes.optional(),
      limit: bytes.optional(),
      stats: z.record(z.string(), z.number()).nullish(),
    })
    .default({}),
  networks: z.record(z.string(), z.object({ rx_bytes: bytes, tx_bytes: bytes })).nullish(),
  blkio_stats: z
    .object({
      io_service_bytes_recursive: z.array(z.object({ op: z.string(), value: bytes })).nullish(),
    })
    .default({}),
  pids_stats: z.object({ current: z.number().optional() }).default({}),
});
/** `GET /containers/NAME/stats?stream=false&one-shot=true`. */
export type StatsAnswer = z.output<typeof statsAnswer>;
