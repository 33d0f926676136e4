import { DatabaseError } from 'pg';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';

/** The five-character SQLSTATE, when PostgreSQL itself said no. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** Which input is at fault when a constraint of ours says no. */
const constraintFields: Readonly<Record<string, { field: string; what: string }>> = {
  gateways_name_unique: { field: 'name', what: 'a gateway with this name' },
  gateways_slug_unique: { field: 'name', what: 'a gateway with a name that gives the same prefix' },
  tools_name_unique: { field: 'name', what: 'a tool with this name' },
  tools_original_name_unique: { field: 'name', what: 'a tool of this gateway with this name' },
  servers_name_unique: { field: 'name', what: 'a server with this name' },
};

/**
 * SQLSTATEs after which the same statement may succeed, as soon as somebody has put the server right: whole
 * classes are connection exceptions, refused authorization, a missing database, rolled back transactions, out of
 * resources and shut down; then a standby, a lock not granted in time, and a database that takes no connections
 * (PostgreSQL, appendix A).
 */
const unavailableStates = /^(08|28|3D|40|53|57)|^(25006|55P03|55000)$/;
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** The driver has no code for these. */
const driverMessages =
  /^(Connection terminated|timeout e|Query read timeout|timeout exceeded|Client has encountered)/i;

/** Gives the GaugewayError that an error of the driver means, or the error itself when it is a fault of ours. */
export function mapPostgresError(error: unknown): unknown {
  if (error instanceof GaugewayError) return error;
  const state = sqlStateOf(error);
  if (error instanceof DatabaseError && state === '23505') {
    const known = constraintFields[error.constraint ?? ''];
    if (known === undefined) return error;
    return new GaugewayError('conflict', `${known.what} already exists`, {
      cause: error,
      field: known.field,
    });
  }
  if (error instanceof DatabaseError && state === '23503' && error.constraint === 'server_tools_tool') {
    return new GaugewayError('not_found', 'a tool of the server does not exist', {
      cause: error,
      field: 'associatedTools',
    });
  }
  if (isUnavailable(error, state)) {
    return new GaugewayError('unavailable', `PostgreSQL does not answer: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return error;
}

function isUnavailable(error: unknown, state: string | undefined): boolean {
  if (state !== undefined) return unavailableStates.test(state);
  if (error instanceof AggregateError) return error.errors.every((each) => isUnavailable(each, undefined));
  if (!(error instanceof Error)) return false;
  return ('code' in error && networkCodes.has(String(error.code))) || driverMessages.test(error.message);
}

/** Node reports "localhost refused on ::1 and on 127.0.0.1" as an aggregate with an empty message. */
export function reasonOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error);
}

/** Runs a storage operation with its errors mapped. */
export async function mapErrors<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw mapPostgresError(error);
  }
}
