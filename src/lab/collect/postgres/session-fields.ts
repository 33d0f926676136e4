import { z } from 'zod';
import { maskStatement } from './mask-statement.ts';

/** What pg_stat_activity tells of a session, wherever it is asked for. */
export const sessionFields = {
  pid: z.number(),
  /** As its client calls itself; a pooler may have given it the name. */
  applicationName: z.string(),
  user: z.string(),
  /** Address of what connected to the server; null by a Unix socket. */
  clientAddress: z.string().nullable(),
  clientPort: z.number().nullable(),
  stateAgeS: z.number(),
  transactionAgeS: z.number(),
  /** What it runs, or ran last; constants hidden. */
  query: z.string().transform(maskStatement),
};
