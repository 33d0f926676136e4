import type { PgbouncerTarget } from './pgbouncer-target.ts';

/** A client of PgBouncer to which a server connection is linked at the moment. */
export interface ServerHolder {
  user: string;
  address: string;
  port: number;
  applicationName: string;
}

/** Who holds which server connection of PgBouncer. */
export interface ServerHolders {
  /** The client behind a backend of PostgreSQL; `port` is the one that PostgreSQL sees PgBouncer at, where known. */
  of(backendPid: number, port: number | null): ServerHolder | undefined;
}

/** Reads which client each server connection is linked to. Throws GaugewayError source_unreadable. */
export async function readServerHolders(pgbouncer: Pick<PgbouncerTarget, 'show'>): Promise<ServerHolders> {
  const servers = await pgbouncer.show('SERVERS');
  const clients = new Map((await pgbouncer.show('CLIENTS')).map((row) => [row['ptr'], row]));
  const linked = servers.flatMap((server) => {
    const client = clients.get(server['link']);
    if (client === undefined) return [];
    const holder: ServerHolder = {
      user: client['user'] ?? '',
      address: client['addr'] ?? '',
      port: Number(client['port'] ?? 0),
      applicationName: client['application_name'] ?? '',
    };
    return [{ pid: Number(server['remote_pid']), port: Number(server['local_port']), holder }];
  });
  return {
    of(backendPid, port) {
      // Several servers behind one PgBouncer may each have a process of that number.
      const sharing = linked.filter(({ pid }) => pid === backendPid);
      return (sharing.find((server) => server.port === port) ?? sharing[0])?.holder;
    },
  };
}
