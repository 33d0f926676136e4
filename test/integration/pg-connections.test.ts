import { Client } from 'pg';
import { expect, test } from 'vitest';
import { ConnectionsLook } from '../../src/lab/look/pg/connections.ts';
import { lookAt, postgresAt } from '../support/look-at.ts';
import { describeOnServers, loginRole } from '../support/postgres-servers.ts';

describeOnServers('pg connections', (open) => {
  test('shows states and whose they are to a member of pg_monitor, and none of our own', async () => {
    await using database = await open();
    const client = new Client({ connectionString: database.dsn, application_name: 'billing' });
    await client.connect();
    try {
      await client.query('begin');
      const monitor = await loginRole(database.dsn, ['pg_monitor']);
      const { document, text } = await lookAt(new ConnectionsLook(postgresAt(monitor)));
      expect(document.states).toMatchObject([{ state: 'idle in transaction', count: 1, verdict: 'ok' }]);
      expect(document.groups).toMatchObject([{ applicationName: 'billing', client: '127.0.0.1', count: 1 }]);
      expect(document.notes).toEqual([]);
      expect(text).toMatch(/^\d+ of the server's \d+ connections are taken\nstate +count/);

      const blind = await lookAt(new ConnectionsLook(postgresAt(await loginRole(database.dsn))));
      expect(blind.document.states).toEqual([]);
      expect(blind.document.notes).toEqual([
        expect.stringMatching(/^1 session of other roles \(run GRANT pg_monitor TO role_/),
      ]);
    } finally {
      await client.end();
    }
  });
});
