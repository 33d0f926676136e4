import { Socket } from 'node:net';
import { Client } from 'pg';
import { delayRequests, gatewayDsn } from './delay-requests.ts';

/** What the database should at most lose to this fault, of its 100 connections. */
const mostConnections = 30;
const requestsPerTransaction = 5;
const left: Client[] = [];
let requests = 0;

/** Leaves a transaction open after every fifth request: its session is never given back. */
delayRequests(
  ({ url }) => {
    if (!url.startsWith('/mcp') || left.length >= mostConnections) return false;
    requests += 1;
    return requests % requestsPerTransaction === 0;
  },
  async () => {
    // What the fault leaves behind must not keep the gateway from ending.
    const client = new Client({
      connectionString: gatewayDsn(),
      application_name: 'catalogue',
      stream: () => new Socket().unref(),
    });
    left.push(client);
    await client.connect();
    await client.query('BEGIN');
    await client.query("SELECT relname FROM pg_class WHERE relkind = 'r' LIMIT 5");
  },
);
