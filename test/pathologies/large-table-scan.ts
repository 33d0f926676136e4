import { Pool } from 'pg';
import { delayRequests, gatewayDsn } from './delay-requests.ts';

const pool = new Pool({
  connectionString: gatewayDsn(),
  application_name: 'audit',
  max: 2,
  allowExitOnIdle: true,
});
await pool.query(`
  CREATE TABLE audit_log AS
  SELECT entry AS id, md5(entry::text) AS actor, repeat('x', 40) AS detail FROM generate_series(1, 200000) AS entry
`);
await pool.query('ANALYZE audit_log');

let asked = 0;

/** Looks up few of many rows, without an index, each time that somebody lists the tools. */
delayRequests(
  ({ body }) => body.includes('"tools/list"'),
  async () => {
    asked += 1;
    await pool.query(`SELECT count(*) FROM audit_log WHERE actor = md5('${asked}')`);
  },
);
