import { GaugewayError } from '../../../shared/errors.ts';
import { embedInPage, readConsolePage } from '../../console-page.ts';
import type { EmbeddedLogin } from './stats-answer.ts';
import { pageAnswer, redirect } from './route.ts';
import type { LoadSite, Route, RouteAnswer, RouteRequest } from './route.ts';

/** How somebody gets in who uses a browser. */
export const loginRoutes: Readonly<Record<string, Route | undefined>> = {
  'GET /login': {
    title: 'the login page, with `--web-login` or `--web-token`',
    isPublic: true,
    answer: (site, { visitor }) =>
      site.gatekeeper.isIn(visitor) ? redirect(site, '/') : loginPage(site, null, 200),
  },
  'POST /login': {
    title:
      'gives a session cookie for `username` and `password`, or for `token`, sent as a form; after ten wrong ones a minute ' +
      'from one address (IPv6: one /64), which visitors behind one proxy share, none is looked at (429)',
    isPublic: true,
    answer: logIn,
  },
  'POST /logout': {
    title: 'ends the session, and the event streams that it opened',
    isPublic: true,
    answer: logOut,
  },
};

function logOut(site: LoadSite, { visitor }: RouteRequest): RouteAnswer {
  const cookie = site.gatekeeper.logOut(visitor);
  site.streams.endRefused();
  const { headers, ...answer } = redirect(site, '/login');
  return { ...answer, headers: { ...headers, 'set-cookie': cookie } };
}

async function logIn(site: LoadSite, request: RouteRequest): Promise<RouteAnswer> {
  const form = new URLSearchParams(await request.readBody());
  const token = form.get('token');
  const given =
    token === null
      ? { user: form.get('username') ?? '', password: form.get('password') ?? '' }
      : { token: token.trim() };
  try {
    const cookie = site.gatekeeper.isClosed ? site.gatekeeper.logIn(request.visitor, given) : '';
    if (cookie === undefined) {
      const problem = token === null ? 'That user and password do not fit.' : 'That token does not fit.';
      return await loginPage(site, problem, 401);
    }
    const { headers, ...answer } = redirect(site, '/');
    return { ...answer, headers: { ...headers, ...(cookie === '' ? {} : { 'set-cookie': cookie }) } };
  } catch (error) {
    if (!(error instanceof GaugewayError) || error.code !== 'rate_limited') throw error;
    return loginPage(site, `${error.message}.`, error.spec.httpStatus);
  }
}

async function loginPage(site: LoadSite, problem: string | null, status: number): Promise<RouteAnswer> {
  const { asksFor } = site.gatekeeper;
  const embedded: EmbeddedLogin = { kind: 'login', asksFor, problem };
  const html = embedInPage(
    await readConsolePage('load'),
    'load-data',
    'Log in · Gaugeway load test',
    embedded,
  );
  return { ...pageAnswer(html), status };
}
