import { Client } from 'pg';
import { delayRequests, gatewayDsn } from './delay-requests.ts';

/** What the database should at most lose to this fault, of its 100 connections. */
const mostConnections = 30;
const held: Client[] = [];

/** Probes the database on each health check and never ends the transaction of the probe. */
delayRequests(
  ({ url }) => url === '/health' && held.length < mostConnections,
  async () => {
    const client = new Client({ connectionString: gatewayDsn(), application_name: 'health' });
    held.push(client);
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1');
  },
);
