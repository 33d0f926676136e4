import { GaugewayError } from '../../../shared/errors.ts';
import { nowMs } from '../../../shared/clock.ts';
import { readConsolePage } from '../../console-page.ts';
import { writeLoadReport } from './load-report.ts';
import type { LoadTest } from './load-test.ts';
import type { LocustExceptions, LocustLogs, LocustWorkerCount } from './locust-answers.ts';
import { exceptionsCsv, failuresCsv, requestsCsv } from './locust-csv.ts';
import { parseSwarmRequest } from './swarm-request.ts';

/** What a request says beside its method and path. */
export interface RouteRequest {
  query: URLSearchParams;
  contentType: string;
  /** Throws `body_too_large`. */
  readBody: () => Promise<string>;
}

export interface RouteAnswer {
  contentType: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

export interface Route {
  /** One line for the reference. */
  title: string;
  answer: (test: LoadTest, request: RouteRequest) => RouteAnswer | Promise<RouteAnswer>;
}

const swarmTitle =
  'starts a test or edits the one that runs, by form or JSON: `user_count` (also `users`, `locust_count`), ' +
  '`spawn_rate` (also `hatch_rate`), `host`, `run_time`, `user_classes`; what cannot be is told with ' +
  '`success: false`, status 200';
/** Pages are one file each and talk to nobody but this server. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
};

/** Locust's web API, by method and path. */
export const routes: Readonly<Record<string, Route | undefined>> = {
  'GET /': { title: 'the page', answer: async () => page(await readConsolePage('load')) },
  'POST /swarm': { title: swarmTitle, answer: swarm },
  'GET /stop': { title: 'ends the test; its figures stay', answer: stop },
  'GET /stats/reset': { title: 'forgets figures, failures and exceptions', answer: reset },
  'GET /stats/requests': {
    title: 'all figures as JSON: the keys of Locust 2.46 and 2.12, and exact ones under `gaugeway`',
    answer: (test, { query }) => json(test.answer(Number(query.get('since') ?? 0))),
  },
  'GET /stats/requests/csv': {
    title: 'one row per request name, then all together',
    answer: (test) => csv('requests', requestsCsv(test.statistics)),
  },
  'GET /stats/requests_full_history/csv': {
    title: 'every second, one row per request name, with the percentiles of its last ten seconds',
    answer: (test) => csv('requests_full_history', test.history.text),
  },
  'GET /stats/failures/csv': {
    title: 'one row per request name and kind of failure',
    answer: (test) => csv('failures', failuresCsv(test.statistics)),
  },
  'GET /stats/report': {
    title: 'tables and charts in one HTML file; `download=1` names it, `theme=dark` or `light` colours it',
    answer: report,
  },
  'GET /exceptions': {
    title: 'what went wrong outside of requests',
    answer: (test) => json({ exceptions: test.exceptions } satisfies LocustExceptions),
  },
  'GET /exceptions/csv': {
    title: 'the same as a table',
    answer: (test) => csv('exceptions', exceptionsCsv(test.exceptions)),
  },
  'GET /tasks': {
    title:
      "each task's share, of its scenario and of everything; a scenario is what Locust calls a user class",
    answer: (test) => json(test.tasks),
  },
  'GET /logs': {
    title: 'the last 1,000 log lines, each of them JSON',
    answer: (test) => json({ master: test.logLines, workers: {} } satisfies LocustLogs),
  },
  'GET /worker-count': {
    title: 'the generator processes that run',
    answer: (test) => json({ worker_count: test.workers.length } satisfies LocustWorkerCount),
  },
};

/** Throws `not_found` for a path that there is not, `method_not_allowed` for one that is asked the wrong way. */
export function findRoute(method: string, path: string): Route {
  const route = routes[`${method} ${path}`];
  if (route !== undefined) return route;
  const other = Object.keys(routes).find((key) => key.endsWith(` ${path}`));
  if (other === undefined) throw new GaugewayError('not_found', `no such page: ${path}`);
  throw new GaugewayError('method_not_allowed', `ask for it by ${other}`);
}

/** Locust answers 200 to a test that cannot start, and says so in the body; its clients rely on it. */
async function swarm(test: LoadTest, { contentType, readBody }: RouteRequest): Promise<RouteAnswer> {
  const body = await readBody();
  try {
    const request = parseSwarmRequest(contentType, body);
    const { host } = await test.swarm(request);
    return json({
      success: true,
      message: 'Swarming started',
      host,
      ...(request.runTimeMs === undefined ? {} : { run_time: request.runTimeMs / 1000 }),
      ...(request.scenarios === undefined ? {} : { user_classes: request.scenarios }),
    });
  } catch (error) {
    if (!(error instanceof GaugewayError)) throw error;
    return json({ success: false, message: error.message, host: test.host });
  }
}

async function stop(test: LoadTest): Promise<RouteAnswer> {
  await test.stop();
  return json({ success: true, message: 'Test stopped' });
}

function reset(test: LoadTest): RouteAnswer {
  test.resetStatistics();
  return { contentType: 'text/html; charset=utf-8', body: 'ok' };
}

async function report(test: LoadTest, { query }: RouteRequest): Promise<RouteAnswer> {
  const asFile = Boolean(query.get('download'));
  const theme = query.get('theme');
  const html = await writeLoadReport(test.answer(0), {
    downloadPath: asFile ? null : '/stats/report?download=1',
    theme: theme === 'dark' || theme === 'light' ? theme : null,
  });
  const { headers, ...answer } = page(html);
  return { ...answer, headers: asFile ? attachment('report', 'html') : headers };
}

function page(body: string): RouteAnswer & { headers: Readonly<Record<string, string>> } {
  return { contentType: 'text/html; charset=utf-8', body, headers: pageHeaders };
}

function json(body: object): RouteAnswer {
  return { contentType: 'application/json', body: JSON.stringify(body) };
}

function csv(name: string, body: string): RouteAnswer {
  return { contentType: 'text/csv; charset=utf-8', body, headers: attachment(name, 'csv') };
}

/** Locust's file names hold the seconds since the epoch. */
function attachment(name: string, ending: string): Record<string, string> {
  return { 'content-disposition': `attachment;filename=${name}_${nowMs() / 1000}.${ending}` };
}
