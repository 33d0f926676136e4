import { GaugewayError } from '../../../shared/errors.ts';
import type { CatalogStore } from '../ports.ts';
import { advanceCatalogVersion, selectCatalogVersion } from './catalog-version-table.ts';
import type { Database } from './database.ts';
import { deleteGatewayRow, insertGateway, selectGateways } from './gateways-table.ts';
import { mapErrors } from './postgres-error.ts';
import { deleteServerRow, insertServer, selectServers } from './servers-table.ts';
import { insertTools, selectTools } from './tools-table.ts';

/** The registry in PostgreSQL. Every change is one transaction that also advances the version. */
export function createPostgresCatalogStore(database: Database): CatalogStore {
  const change = (work: (transaction: Database) => Promise<void>): Promise<void> =>
    mapErrors(() =>
      database.transaction().execute(async (transaction) => {
        await work(transaction);
        await advanceCatalogVersion(transaction);
      }),
    );

  return {
    load: () =>
      mapErrors(() =>
        database
          .transaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute(async (snapshot) => ({
            version: await selectCatalogVersion(snapshot),
            gateways: await selectGateways(snapshot),
            tools: await selectTools(snapshot),
            servers: await selectServers(snapshot),
          })),
      ),
    addGateway: (gateway, tools) =>
      change(async (transaction) => {
        await insertGateway(transaction, gateway);
        await insertTools(transaction, tools);
      }),
    deleteGateway: (id) =>
      change(async (transaction) => {
        if (!(await deleteGatewayRow(transaction, id))) throw notFound('gateway', id);
      }),
    addServer: (server) => change((transaction) => insertServer(transaction, server)),
    deleteServer: (id) =>
      change(async (transaction) => {
        if (!(await deleteServerRow(transaction, id))) throw notFound('server', id);
      }),
  };
}

function notFound(what: string, id: string): GaugewayError {
  return new GaugewayError('not_found', `there is no ${what} ${JSON.stringify(id.slice(0, 100))}`);
}
