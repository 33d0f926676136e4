import { Socket } from 'node:net';
import { Client } from 'pg';
import { delayRequests, gatewayDsn } from './delay-requests.ts';

/** What the database should at most lose to this fault, of its 100 connections. */
const mostConnections = 30;
const held: Client[] = [];

/** Probes the database on each health check and never ends the transaction of the probe. */
delayRequests(
  ({ url }) => url === '/health' && held.length < mostConnections,
  async () => {
    // What the fault leaves behind must not keep the gateway from ending.
    const client = new Client({
      connectionString: gatewayDsn(),
      application_name: 'health',
      stream: () => new Socket().unref(),
    });
    held.push(client);
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1');
  },
);
