import { GaugewayError } from '../../../shared/errors.ts';
import { nowMs } from '../../../shared/clock.ts';
import { embedInPage, readConsolePage } from '../../console-page.ts';
import { writeLoadReport } from './load-report.ts';
import type { LocustExceptions, LocustLogs, LocustWorkerCount } from './locust-answers.ts';
import { exceptionsCsv, failuresCsv, requestsCsv } from './locust-csv.ts';
import { loginRoutes } from './login-routes.ts';
import { jsonAnswer, pageAnswer } from './route.ts';
import type { LoadSite, Route, RouteAnswer, RouteRequest } from './route.ts';
import type { EmbeddedLive } from './stats-answer.ts';
import { parseSwarmRequest } from './swarm-request.ts';
import { parseUserClassEdit } from './user-class-edit.ts';

const swarmTitle =
  'starts a test or edits the one that runs, by form or JSON: `user_count` (also `users`, `locust_count`), ' +
  '`spawn_rate` (also `hatch_rate`), `host`, `run_time`, `user_classes`; of a test that starts also `think`, ' +
  '`constant_pacing`, `constant_throughput`, `rate`, `stages`, `max_users`, `era`, `request_timeout`, written as ' +
  'the options of the same names; what cannot be is told with ' +
  '`success: false`, status 200';
/** Locust's web API, by method and path. */
export const routes: Readonly<Record<string, Route | undefined>> = {
  'GET /': { title: 'the page', answer: livePage },
  'GET /events': {
    title:
      'the figures (`stats`), with the moments that are new in their history, and the log (`log`), as Server-Sent ' +
      'Events; goes on after `Last-Event-ID`, or `since`, an id of an event; ends with the session',
    follow: ({ streams, gatekeeper }, { visitor, query }, response) => {
      const lastEventId = String(visitor.headers['last-event-id'] ?? query.get('since') ?? '');
      streams.open(response, lastEventId, gatekeeper.watch(visitor));
    },
  },
  'POST /swarm': { title: swarmTitle, answer: swarm },
  'POST /user': {
    title:
      'sets `weight` of the scenario `user_class_name`, and `host`, of the next test, as JSON; refuses what a scenario does not have',
    answer: editUserClass,
  },
  'GET /stop': { title: 'ends the test; its figures stay', answer: stop },
  'GET /stats/reset': { title: 'forgets figures, failures and exceptions', answer: reset },
  'GET /stats/requests': {
    title: 'all figures as JSON: the keys of Locust 2.46 and 2.12, and exact ones under `gaugeway`',
    answer: ({ test }, { query }) => jsonAnswer(test.answer(Number(query.get('since') ?? 0))),
  },
  'GET /stats/requests/csv': {
    title: 'one row per request name, then all together',
    answer: ({ test }) => csv('requests', requestsCsv(test.statistics)),
  },
  'GET /stats/requests_full_history/csv': {
    title: 'every second, one row per request name, with the percentiles of its last ten seconds',
    answer: ({ test }) => csv('requests_full_history', test.history.text),
  },
  'GET /stats/failures/csv': {
    title: 'one row per request name and kind of failure',
    answer: ({ test }) => csv('failures', failuresCsv(test.statistics)),
  },
  'GET /stats/report': {
    title: 'tables and charts in one HTML file; `download=1` names it, `theme=dark` or `light` colours it',
    answer: report,
  },
  'GET /exceptions': {
    title: 'what went wrong outside of requests',
    answer: ({ test }) => jsonAnswer({ exceptions: test.exceptions } satisfies LocustExceptions),
  },
  'GET /exceptions/csv': {
    title: 'the same as a table',
    answer: ({ test }) => csv('exceptions', exceptionsCsv(test.exceptions)),
  },
  'GET /tasks': {
    title:
      "each task's share, of its scenario and of everything; a scenario is what Locust calls a user class",
    answer: ({ test }) => jsonAnswer(test.tasks),
  },
  'GET /logs': {
    title: 'the last 1,000 log lines, each of them JSON',
    answer: ({ test }) => jsonAnswer({ master: test.log.lines, workers: {} } satisfies LocustLogs),
  },
  'GET /worker-count': {
    title: 'the generator processes that run',
    answer: ({ test }) => jsonAnswer({ worker_count: test.workers.length } satisfies LocustWorkerCount),
  },
  ...loginRoutes,
};

/** HEAD is answered where GET is. Throws `not_found` for a path that there is not, `method_not_allowed` for one that is asked the wrong way. */
export function findRoute(method: string, path: string): Route {
  const route = routes[`${method === 'HEAD' ? 'GET' : method} ${path}`];
  if (route !== undefined) return route;
  const other = Object.keys(routes).find((key) => key.endsWith(` ${path}`));
  if (other === undefined) throw new GaugewayError('not_found', `no such page: ${path}`);
  throw new GaugewayError('method_not_allowed', `ask for it by ${other}`);
}

async function livePage({ gatekeeper }: LoadSite): Promise<RouteAnswer> {
  const embedded: EmbeddedLive = { kind: 'live', canLogOut: gatekeeper.isClosed };
  return pageAnswer(embedInPage(await readConsolePage('load'), 'load-data', 'Gaugeway load test', embedded));
}

/** Locust answers 200 to a test that cannot start, and says so in the body; its clients rely on it. */
async function swarm({ test }: LoadSite, { contentType, readBody }: RouteRequest): Promise<RouteAnswer> {
  const body = await readBody();
  try {
    const request = parseSwarmRequest(contentType, body);
    const { host } = await test.swarm(request);
    return jsonAnswer({
      success: true,
      message: 'Swarming started',
      host,
      ...(request.runTimeMs === undefined ? {} : { run_time: request.runTimeMs / 1000 }),
      ...(request.scenarios === undefined ? {} : { user_classes: request.scenarios }),
    });
  } catch (error) {
    if (!(error instanceof GaugewayError)) throw error;
    return jsonAnswer({ success: false, message: error.message, host: test.host });
  }
}

async function editUserClass({ test }: LoadSite, { readBody }: RouteRequest): Promise<RouteAnswer> {
  test.editUserClass(parseUserClassEdit(await readBody()));
  return jsonAnswer({}, 201);
}

async function stop({ test }: LoadSite): Promise<RouteAnswer> {
  await test.stop();
  return jsonAnswer({ success: true, message: 'Test stopped' });
}

function reset({ test }: LoadSite): RouteAnswer {
  test.resetStatistics();
  return { contentType: 'text/html; charset=utf-8', body: 'ok' };
}

async function report({ test }: LoadSite, { query }: RouteRequest): Promise<RouteAnswer> {
  const asFile = Boolean(query.get('download'));
  const theme = query.get('theme');
  const html = await writeLoadReport(test.answer(0), {
    downloadPath: asFile ? null : '?download=1',
    theme: theme === 'dark' || theme === 'light' ? theme : null,
  });
  const { headers, ...answer } = pageAnswer(html);
  return { ...answer, headers: asFile ? attachment('report', 'html') : headers };
}

function csv(name: string, body: string): RouteAnswer {
  return { contentType: 'text/csv; charset=utf-8', body, headers: attachment(name, 'csv') };
}

/** Locust's file names hold the seconds since the epoch. */
function attachment(name: string, ending: string): Record<string, string> {
  return { 'content-disposition': `attachment;filename=${name}_${nowMs() / 1000}.${ending}` };
}
