import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { LocustClient, shapeOf } from '../support/locust-client.ts';
import { locusts, startLocust } from '../support/locust.ts';
import type { RunningLocust } from '../support/locust.ts';
import { title } from '../support/requires.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

/** Succeeds, fails and raises, so that each table of Locust has rows. */
const users = `
from locust import HttpUser, constant, stats, task

stats.CSV_STATS_FLUSH_INTERVAL_SEC = 0

class Agent(HttpUser):
    wait_time = constant(0.02)

    @task(4)
    def health(self):
        self.client.get('/health')

    @task(2)
    def missing(self):
        self.client.get('/missing')

    @task(1)
    def broken(self):
        raise ValueError('wrong, "truly"')
`;

interface Stats {
  state: string;
  user_count: number;
  stats: { name: string; num_requests: number; num_failures: number }[];
  errors: { occurrences: number }[];
}

const stats = async (client: LocustClient): Promise<Stats> =>
  JSON.parse((await client.getText('/stats/requests')).text);
/** `stats[].name` of `stats[].name: string`. */
const keyOf = (place: string): string => place.slice(0, place.lastIndexOf(': '));
const twice = (answer: object): object[] => [answer, answer];

for (const { version, program } of locusts) {
  const name = title(`one client reads Locust ${version} and the load page`, program);
  describe.skipIf(program.missing)(name, () => compare(program.path ?? ''));
}

function compare(program: string): void {
  let target: CountingMcpServer;
  let locust: RunningLocust;
  let page: LoadServer;
  let theirs: LocustClient;
  let ours: LocustClient;

  beforeAll(async () => {
    target = await CountingMcpServer.start({
      tools: [{ name: 'echo' }, { name: 'sometimes' }],
      health: 200,
      onCall: (tool, call, response, id) => {
        if (tool !== 'sometimes' || call % 2 === 1) return undefined;
        const error = { code: -32603, message: 'no' };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, error }));
        return true;
      },
    });
    [locust, page] = await Promise.all([
      startLocust(program, users, target.url),
      startLoadServer({
        port: 0,
        defaults: { wait: { kind: 'between', minMs: 20, maxMs: 20 } },
        defaultHost: target.url,
        allowRemote: false,
        logger: createLogger('silent'),
      }),
    ]);
    theirs = new LocustClient(locust.url);
    ours = new LocustClient(page.url);
  });
  afterAll(async () => {
    await page.close();
    await locust[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
  });

  const both = <T>(ask: (client: LocustClient) => Promise<T>): Promise<T[]> =>
    Promise.all([theirs, ours].map(ask));
  /** What a client finds at Locust and not here; null on either side is a figure that there is not yet. */
  const missing = async (path: string, named: string[] = []): Promise<string[]> => {
    const [from, to] = await both((client) => client.getJson(path));
    const here = shapeOf(to, named);
    const keys = new Set([...here].map(keyOf));
    return [...shapeOf(from, named)].filter((place) => {
      if (here.has(place) || here.has(`${keyOf(place)}: null`)) return false;
      return !(place.endsWith(': null') && keys.has(keyOf(place)));
    });
  };
  const readsAsLocust = (path: string) =>
    it(`${path} has every key of Locust with its type`, async () => {
      expect(await missing(path)).toEqual([]);
    });

  describe('before a test', () => {
    readsAsLocust('/exceptions');

    readsAsLocust('/stats/requests');

    it('a wrong run time is refused in the same way', async () => {
      const [from, to] = await both((client) =>
        client.swarm({ user_count: '1', spawn_rate: '1', run_time: 'soon' }),
      );
      expect(from).toMatchObject({ success: false, host: target.url });
      expect(shapeOf(to)).toEqual(shapeOf(from));
    });
  });

  describe('a test that runs', () => {
    it('starts with the answer of Locust, and counts', async () => {
      const fields = { user_count: '3', spawn_rate: '50', run_time: '5m' };
      const answers = [
        await theirs.swarm({ ...fields, user_classes: 'Agent' }),
        await ours.swarm({ ...fields, user_classes: 'mcp-mixed' }),
      ];
      const started = { success: true, message: 'Swarming started', host: target.url, run_time: 300 };
      expect(answers).toEqual([
        { ...started, user_classes: ['Agent'] },
        { ...started, user_classes: ['mcp-mixed'] },
      ]);
      for (const client of [theirs, ours]) {
        await expect.poll(() => stats(client), patience).toMatchObject({ state: 'running', user_count: 3 });
        await expect.poll(async () => (await stats(client)).errors.length, patience).toBeGreaterThan(0);
      }
    });

    readsAsLocust('/stats/requests');

    it('/tasks has every key of Locust with its type, and shares that add up', async () => {
      expect(await missing('/tasks', ['per_class', 'tasks', 'total'])).toEqual([]);
      const sums = await both(async (client) => {
        const { total }: { total: Record<string, { tasks: Record<string, { ratio: number }> }> } = JSON.parse(
          (await client.getText('/tasks')).text,
        );
        const ratios = Object.values(total).flatMap(({ tasks }) =>
          Object.values(tasks).map(({ ratio }) => ratio),
        );
        return ratios.reduce((sum, ratio) => sum + ratio, 0);
      });
      expect(sums).toEqual([expect.closeTo(1), expect.closeTo(1)]);
    });

    it.each(['/', '/stats/requests', '/exceptions', '/tasks', '/stats/requests/csv', '/stats/report'])(
      'HEAD %s is answered as GET is, without a body',
      async (path) => {
        const answers = await both((client) => client.head(path));
        const [from, to] = answers;
        expect(from).toMatchObject({ status: 200, length: 0 });
        expect(to).toEqual(from);
      },
    );

    it('what there is not is refused in the same way', async () => {
      expect(await both(async (client) => (await client.getText('/nothing')).status)).toEqual([404, 404]);
      expect(await both(async (client) => (await client.getText('/swarm')).status)).toEqual([405, 405]);
      expect(await both(async (client) => (await client.head('/swarm')).status)).toEqual([405, 405]);
    });

    it('its users are changed while it runs, by a form as Locust sends it', async () => {
      const changed = await both((client) => client.swarm({ user_count: '5', spawn_rate: '50' }));
      expect(shapeOf(changed[1])).toEqual(
        new Set([...shapeOf(changed[0])].filter((place) => !place.startsWith('.user_classes'))),
      );
      for (const client of [theirs, ours]) {
        await expect.poll(() => stats(client), patience).toMatchObject({ state: 'running', user_count: 5 });
      }
    });

    it('a report can be read and kept', async () => {
      const reports = await both((client) => client.getText('/stats/report?download=1'));
      for (const { status, type, text } of reports) {
        expect({ status, type }).toEqual({ status: 200, type: 'text/html' });
        expect(text).toContain('/health');
        expect(text).not.toMatch(/<(script|link|img)[^>]+(src|href)="https?:/);
      }
    });
  });

  describe('a test that was stopped', () => {
    it('says so', async () => {
      const stopped = await both((client) => client.getJson('/stop'));
      expect(stopped).toEqual(twice({ success: true, message: 'Test stopped' }));
      for (const client of [theirs, ours]) {
        await expect.poll(() => stats(client), patience).toMatchObject({ state: 'stopped', user_count: 0 });
      }
    });

    it.each([
      ['/stats/requests/csv', 'requests_TIME.csv'],
      ['/stats/failures/csv', 'failures_TIME.csv'],
      ['/stats/requests_full_history/csv', 'requests_full_history_TIME.csv'],
      ['/exceptions/csv', 'exceptions_TIME.csv'],
    ])('%s is the same kind of download, with at least its columns in the same order', async (path, file) => {
      const [from, to] = await both((client) => client.getCsv(path));
      for (const download of [from, to]) expect(download?.type).toBe('text/csv');
      expect(to?.file).toBe(file);
      // Locust 2.46 puts the names of its script and of the host into the name.
      expect(from?.file).toContain(file.slice(0, file.indexOf('_TIME')));
      expect(to?.header.slice(0, from?.header.length)).toEqual(from?.header);
    });

    it('the table of requests holds the figures of the JSON', async () => {
      const found = await both(async (client) => {
        const { stats: rows } = await stats(client);
        const csv = await client.getCsv('/stats/requests/csv');
        return {
          json: rows.map((row) => [row.name, row.num_requests, row.num_failures]),
          csv: csv.rows.map((row) => [
            row['Name'],
            Number(row['Request Count']),
            Number(row['Failure Count']),
          ]),
        };
      });
      for (const { json, csv } of found) {
        expect(json.length).toBeGreaterThan(2);
        expect(csv).toEqual(json);
      }
    });

    it('the table of failures adds up to the failures of all requests', async () => {
      const found = await both(async (client) => {
        const failures = await client.getCsv('/stats/failures/csv');
        const requests = await client.getCsv('/stats/requests/csv');
        return {
          failed: failures.rows.reduce((sum, row) => sum + Number(row['Occurrences']), 0),
          total: Number(requests.rows.at(-1)?.['Failure Count']),
        };
      });
      for (const { failed, total } of found) {
        expect(failed).toBeGreaterThan(0);
        expect(failed).toBe(total);
      }
    });

    it('the history ends in the totals, and names every request', async () => {
      const found = await both(async (client) => {
        const history = await client.getCsv('/stats/requests_full_history/csv');
        return { names: new Set(history.rows.map((row) => row['Name'])), last: history.rows.at(-1) };
      });
      for (const { names, last } of found) {
        expect(names).toContain('/health');
        expect(last).toMatchObject({ Name: 'Aggregated', Type: '' });
        expect(Number(last?.['Total Request Count'])).toBeGreaterThan(0);
        expect(Number(last?.['Timestamp'])).toBeGreaterThan(1_600_000_000);
        expect(Number(last?.['95%'])).toBeGreaterThanOrEqual(Number(last?.['50%']));
      }
    });
  });

  describe('a test that went wrong', () => {
    it('tells why', async () => {
      await ours.swarm({ user_count: '1', spawn_rate: '1', host: 'http://127.0.0.1:1' });
      await expect
        .poll(() => ours.getJson('/exceptions'), patience)
        .toMatchObject({ exceptions: [{ count: 1 }] });
    });

    readsAsLocust('/exceptions');

    it('its table holds the messages of the JSON', async () => {
      const [from, to] = await both((client) => client.getCsv('/exceptions/csv'));
      expect(from?.rows[0]).toMatchObject({ Message: 'wrong, "truly"', Nodes: 'local' });
      expect(to?.rows[0]).toMatchObject({ Message: expect.stringContaining('ECONNREFUSED'), Nodes: 'local' });
    });

    it('a reset forgets it', async () => {
      const answers = await both((client) => client.getText('/stats/reset'));
      expect(answers).toEqual(twice({ status: 200, type: 'text/html', text: 'ok' }));
      expect(await both((client) => client.getJson('/exceptions'))).toEqual(twice({ exceptions: [] }));
    });
  });
}
