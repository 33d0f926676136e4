import { Client } from 'pg';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import { databaseCounters } from './database.ts';
import { labApplicationName, labMark, type SampleQuery } from './lab-sql.ts';
import { PostgresTarget } from './postgres-target.ts';
import { statementsResetSignature } from './server-versions.ts';
import { statementsAbout } from './statement-states.ts';
import { statementsSchema } from './statements.ts';

const connectTimeoutMs = 5000;
const answerTimeoutMs = 8000;

/** When the counters were set to zero before this, in epoch milliseconds; null when never. */
export interface ResetTimes {
  database: number | null;
  /** Undefined where they are not asked for. */
  statements?: number;
}

/** What a reset takes: when the last one was, and the functions that do it. */
interface ResetPlan {
  last: ResetTimes;
  calls: string[];
}

/**
 * Sets the counters of the database to zero, those of its statements too if asked to: the one thing here that changes a
 * server, by a connection of its own. Nothing is reset unless all may be. Returns when the last resets were. Throws
 * GaugewayError source_unreadable, with the grant where that is missing.
 */
export async function resetStatistics(
  dsn: string,
  { statements }: { statements: boolean },
  signal: AbortSignal,
): Promise<ResetTimes> {
  const { last, calls } = await planReset(dsn, statements, signal);
  const client = new Client({
    connectionString: dsn,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
  });
  let failure: unknown;
  client.on('error', (error) => {
    failure = error;
  });
  try {
    await client.connect();
    await client.query(
      [
        `set ${labMark} local application_name = '${labApplicationName}'`,
        `set ${labMark} local statement_timeout = '5s'`,
        ...calls.map((call) => `select ${labMark} ${call}`),
      ].join(';\n'),
    );
    return last;
  } catch (error) {
    const message = maskSecrets(messageOf(failure ?? error));
    throw new GaugewayError('source_unreadable', `PostgreSQL: ${message}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function planReset(dsn: string, statements: boolean, signal: AbortSignal): Promise<ResetPlan> {
  const postgres = await PostgresTarget.connect(dsn, signal);
  try {
    const last: ResetTimes = {
      database: (await postgres.read(databaseCounters)).of(databaseCounters)[0]?.statsResetMs ?? null,
    };
    const calls = [await permitted(postgres, 'pg_catalog.pg_stat_reset()', 'pg_catalog.pg_stat_reset()')];
    if (statements) {
      const schema = await statementsSchema(postgres);
      const about = statementsAbout(schema);
      last.statements = (await postgres.read(about)).of(about)[0].statsResetMs;
      const ofDatabase = '(select oid from pg_database where datname = current_database())';
      calls.push(
        await permitted(
          postgres,
          `${schema}.${statementsResetSignature(postgres.serverVersion)}`,
          `${schema}.pg_stat_statements_reset(0, ${ofDatabase}, 0)`,
        ),
      );
    }
    return { last, calls };
  } finally {
    await postgres.close();
  }
}

/** The call, where the role may make it. */
async function permitted(postgres: PostgresTarget, signature: string, call: string): Promise<string> {
  const permission = {
    sql: `select ${labMark} quote_ident(current_user) as role,
      has_function_privilege('${signature.replaceAll("'", "''")}', 'execute') as granted`,
    rows: z.tuple([z.object({ role: z.string(), granted: z.boolean() })]),
  } satisfies SampleQuery<unknown>;
  const [{ role, granted }] = (await postgres.read(permission)).of(permission);
  if (granted) return call;
  throw new GaugewayError(
    'source_unreadable',
    `${role} may not reset statistics, nothing was reset: run GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`,
  );
}
