import type { Session } from '../../collect/postgres/sessions.ts';

/** `gunicorn (app) at 10.0.0.5:40112`: what a session calls itself, its user, and where it comes from. */
export function whoIs(
  session: Pick<Session, 'applicationName' | 'user' | 'clientAddress' | 'clientPort'>,
): string {
  const { applicationName, user, clientAddress, clientPort } = session;
  const from = clientAddress === null ? 'a local socket' : addressOf(clientAddress, clientPort);
  return `${applicationName === '' ? 'unnamed' : applicationName} (${user}) at ${from}`;
}

/** `10.0.0.5:40112`, with brackets around an address that has colons itself. */
export function addressOf(address: string, port: number | null): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}

/** Processes by number; what a prepared transaction holds has none. */
export function processNames(pids: readonly number[], most = 8): string {
  const names = pids.slice(0, most).map((pid) => (pid === 0 ? 'a prepared transaction' : String(pid)));
  return `${names.join(', ')}${pids.length > most ? ` and ${pids.length - most} more` : ''}`;
}

/** States in less room than PostgreSQL's words take. */
export function stateWords(state: string): string {
  return state === 'idle in transaction (aborted)' ? 'aborted transaction' : state;
}

/** The statement as one line, cut where the guide cuts it. */
export function snippetOf(query: string): string {
  const line = query.replaceAll(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
