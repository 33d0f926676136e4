import { request } from 'node:http';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer, LoadServerOptions } from '../../src/lab/load/web/load-server.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { EventReader } from '../support/event-reader.ts';

const password = 'correct horse';
const token = 'a-token-of-twenty-chars';

interface Answer {
  status: number | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A page with nothing to load, and a way to ask it that sends headers as they are given. */
async function startPage(options: Partial<LoadServerOptions> = {}): Promise<
  LoadServer &
    AsyncDisposable & {
      port: string;
      logged: string[];
      ask: (path: string, headers?: Record<string, string>, body?: string) => Promise<Answer>;
    }
> {
  const logged: string[] = [];
  const server = await startLoadServer({
    port: 0,
    defaults: {},
    defaultHost: 'http://127.0.0.1:1',
    allowRemote: false,
    logger: createLogger('debug', (line) => logged.push(line)),
    ...options,
  });
  const { port } = new URL(server.url);
  const ask = async (path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request({ host: '127.0.0.1', port, path, method, headers });
    sent.on('error', reject).on('response', (response) => {
      text(response).then(
        (answered) => resolve({ status: response.statusCode, headers: response.headers, body: answered }),
        reject,
      );
    });
    sent.end(body);
    return promise;
  };
  return { ...server, port, logged, ask, [Symbol.asyncDispose]: () => server.close() };
}

const login = { user: 'jo', password };
const credentialsForm = (form: Record<string, string>): string => new URLSearchParams(form).toString();
const basic = (secret: string): string => `Basic ${Buffer.from(`jo:${secret}`).toString('base64')}`;
const cookieOf = ({ headers }: Answer): string => String(headers['set-cookie']).split(';')[0] ?? '';

describe('where a page may listen', () => {
  it('is this machine alone unless it asks who comes', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'load.example.com']) {
      await expect(startPage({ host })).rejects.toThrow(
        `--web-host ${host} lets others than this machine start load tests: add --web-login or --web-token`,
      );
    }
    await expect(startPage({ names: ['load.example.com'] })).rejects.toThrow('--web-name load.example.com');
  });

  it('is everywhere with a login or a token', async () => {
    await using withLogin = await startPage({ host: '0.0.0.0', credentials: { login } });
    await using withToken = await startPage({ host: '0.0.0.0', credentials: { token } });
    expect((await withLogin.ask('/stats/requests')).status).toBe(401);
    expect((await withToken.ask('/stats/requests')).status).toBe(401);
  });

  it('is no name that merely leads here', async () => {
    await using page = await startPage({
      host: '0.0.0.0',
      names: ['load.example.com'],
      credentials: { token },
    });
    const status = async (host: string): Promise<number | undefined> =>
      (await page.ask('/stats/requests', { host, 'x-gaugeway-token': token })).status;
    expect(await status('load.example.com')).toBe(200);
    expect(await status(`LOAD.example.com:${page.port}`)).toBe(200);
    expect(await status(`${hostname()}:${page.port}`)).toBe(200);
    expect(await status('192.0.2.1')).toBe(200);
    expect(await status('evil.example.com')).toBe(403);
    expect(await status('load.example.com.evil.example')).toBe(403);
  });

  it('has origins of its own names only, by http or through a proxy by https', async () => {
    await using page = await startPage({ names: ['load.example.com'], credentials: { token } });
    const status = async (origin: string): Promise<number | undefined> =>
      (await page.ask('/stats/reset', { host: 'load.example.com', origin, 'x-gaugeway-token': token }))
        .status;
    expect(await status('https://load.example.com')).toBe(200);
    expect(await status('http://load.example.com')).toBe(200);
    expect(await status('https://load.example.com:8443')).toBe(403);
    expect(await status('https://evil.example')).toBe(403);
    expect(await status('null')).toBe(403);
  });
});

describe('a page of another port of the same host', () => {
  // Over plain http a browser sends an image's request without Sec-Fetch-Site and Origin, but with the cookie.
  it.each(['/stop', '/stats/reset'])('cannot ask for %s by an image', async (path) => {
    await using page = await startPage({ host: '0.0.0.0', credentials: { login } });
    const host = `192.0.2.1:${page.port}`;
    const cookie = cookieOf(
      await page.ask('/login', { host }, credentialsForm({ username: 'jo', password })),
    );
    const status = async (referer: string): Promise<number | undefined> =>
      (await page.ask(path, { host, cookie, referer })).status;
    expect(await status('http://192.0.2.1:9000/')).toBe(403);
    expect(await status('http://192.0.2.1/')).toBe(403);
    expect(await status('nonsense')).toBe(403);
    expect(await status(`http://${host}/`)).toBe(200);
    expect(await status(`https://${host}/`)).toBe(200);
    expect((await page.ask(path, { host, cookie })).status).toBe(200);
  });

  it('may link to the page', async () => {
    await using page = await startPage();
    expect((await page.ask('/', { referer: 'http://127.0.0.1:9000/' })).status).toBe(200);
  });
});

describe('a page with a login', () => {
  it('shows nothing but the login page to others', async () => {
    await using page = await startPage({ credentials: { login } });
    expect(await page.ask('/')).toMatchObject({ status: 303, headers: { location: '/login' } });
    const shown = await page.ask('/login');
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('"kind":"login"');
    expect(shown.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    for (const path of [
      '/stats/requests',
      '/events',
      '/logs',
      '/tasks',
      '/stats/report',
      '/stop',
      '/stats/reset',
    ]) {
      const { status, headers, body } = await page.ask(path);
      expect({ path, status }).toEqual({ path, status: 401 });
      expect(headers['www-authenticate']).toMatch(/^Bearer /);
      expect(body).toBe('log in, or send the token as Authorization: Bearer\n');
    }
    expect((await page.ask('/swarm', {}, 'user_count=1&spawn_rate=1')).status).toBe(401);
    expect((await page.ask('/user', {}, '{}')).status).toBe(401);
  });

  it('gives a cookie that scripts cannot read and other sites cannot use, and takes it away', async () => {
    await using page = await startPage({ credentials: { login } });
    const entered = await page.ask('/login', {}, credentialsForm({ username: 'jo', password }));
    expect(entered).toMatchObject({ status: 303, headers: { location: '/' } });
    expect(String(entered.headers['set-cookie'])).toMatch(
      new RegExp(`^gaugeway-load-${page.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200$`),
    );
    const cookie = cookieOf(entered);
    expect((await page.ask('/', { cookie })).status).toBe(200);
    expect(await page.ask('/login', { cookie })).toMatchObject({ status: 303, headers: { location: '/' } });
    const left = await page.ask('/logout', { cookie }, '');
    expect(left).toMatchObject({ status: 303, headers: { location: '/login' } });
    expect(String(left.headers['set-cookie'])).toContain('Max-Age=0');
    expect((await page.ask('/stats/requests', { cookie })).status).toBe(401);
  });

  it('ends the event streams of a session with it, and no others', async () => {
    await using page = await startPage({ credentials: { login } });
    const form = credentialsForm({ username: 'jo', password });
    const [cookie, otherCookie] = [
      cookieOf(await page.ask('/login', {}, form)),
      cookieOf(await page.ask('/login', {}, form)),
    ];
    await using reader = new EventReader(`${page.url}/events`, { cookie });
    await using other = new EventReader(`${page.url}/events`, { cookie: otherCookie });
    await using script = new EventReader(`${page.url}/events`, { authorization: basic(password) });
    for (const each of [reader, other, script]) await each.next('stats');
    await page.ask('/logout', { cookie }, '');
    page.test.resetStatistics();
    await expect(reader.next('stats')).rejects.toThrow("the stream ended without 'stats'");
    for (const each of [other, script]) await each.next('stats');
  });

  it('ends the event streams of a session that lasts no longer', async () => {
    await using page = await startPage({ credentials: { login } });
    const form = credentialsForm({ username: 'jo', password });
    const cookie = cookieOf(await page.ask('/login', {}, form));
    await using reader = new EventReader(`${page.url}/events`, { cookie });
    await reader.next('stats');
    // A hundred newer sessions end the oldest one.
    for (let count = 0; count < 100; count += 1) await page.ask('/login', {}, form);
    page.test.resetStatistics();
    await expect(reader.next('stats')).rejects.toThrow("the stream ended without 'stats'");
  });

  it('keeps its cookie to https where it was come by so', async () => {
    await using page = await startPage({ names: ['load.example.com'], credentials: { login } });
    const headers = { host: 'load.example.com', origin: 'https://load.example.com' };
    const entered = await page.ask('/login', headers, credentialsForm({ username: 'jo', password }));
    expect(String(entered.headers['set-cookie'])).toMatch(/; Secure$/);
  });

  it.each([
    ['another password', { username: 'jo', password: 'correct horses' }],
    ['another user', { username: 'joe', password }],
    ['nothing', {}],
    ['a token, where there is none', { token: '' }],
  ])('asks again for %s', async (_what, form) => {
    await using page = await startPage({ credentials: { login } });
    const refused = await page.ask('/login', {}, credentialsForm(form));
    expect(refused.status).toBe(401);
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect(refused.body).toMatch(/That (user and password|token) do(es)? not fit\./);
  });

  it('takes the password by Basic authorization too, as scripts for Locust send it', async () => {
    await using page = await startPage({ credentials: { login } });
    expect((await page.ask('/stats/requests', { authorization: basic(password) })).status).toBe(200);
    expect((await page.ask('/stats/requests', { authorization: basic('wrong') })).status).toBe(401);
  });

  it('looks at no more than ten wrong attempts a minute, while those who are in stay in', async () => {
    await using page = await startPage({ credentials: { login, token } });
    const cookie = cookieOf(await page.ask('/login', {}, credentialsForm({ username: 'jo', password })));
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const form = { username: 'jo', password: `guess ${attempt}` };
      expect((await page.ask('/login', {}, credentialsForm(form))).status).toBe(401);
    }
    const right = await page.ask('/login', {}, credentialsForm({ username: 'jo', password }));
    expect(right.status).toBe(429);
    expect(right.body).toMatch(/too many wrong attempts: try again in \d+ s/);
    expect((await page.ask('/stats/requests', { cookie })).status).toBe(200);
  });

  it('looks at no more than ten wrong headers a minute, and at the login all the same', async () => {
    await using page = await startPage({ credentials: { login, token } });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await page.ask('/stats/requests', { authorization: `Bearer ${attempt}` })).status).toBe(401);
    }
    expect((await page.ask('/stats/requests', { 'x-gaugeway-token': token })).status).toBe(429);
    const wrong = { authorization: 'Bearer 0' };
    expect((await page.ask('/login', wrong)).status).toBe(200);
    const form = credentialsForm({ username: 'jo', password });
    expect((await page.ask('/login', wrong, form)).status).toBe(303);
  });

  it("locks nobody out for a proxy's own authorization", async () => {
    await using page = await startPage({ credentials: { login } });
    const proxied = { authorization: 'Bearer of-the-proxy-in-front', 'x-gaugeway-token': 'of-another' };
    for (let visit = 0; visit < 12; visit += 1) {
      expect((await page.ask('/', proxied)).status).toBe(303);
      expect((await page.ask('/stats/requests', proxied)).status).toBe(401);
    }
    expect((await page.ask('/login', proxied)).status).toBe(200);
    const form = credentialsForm({ username: 'jo', password });
    expect((await page.ask('/login', proxied, form)).status).toBe(303);
    expect((await page.ask('/stats/requests', { authorization: basic(password) })).status).toBe(200);
  });

  it('writes no secret anywhere', async () => {
    await using page = await startPage({ credentials: { login, token } });
    const entered = await page.ask('/login', {}, credentialsForm({ username: 'jo', password }));
    await page.ask('/login', {}, credentialsForm({ username: 'jo', password: 'a wrong one' }));
    await page.ask('/stats/requests', { authorization: `Bearer ${token}` });
    const cookie = cookieOf(entered);
    const seen = [
      ...page.logged,
      (await page.ask('/', { cookie })).body,
      (await page.ask('/stats/requests', { cookie })).body,
      (await page.ask('/logs', { cookie })).body,
      (await page.ask('/stats/report', { cookie })).body,
      String(entered.headers['location']),
    ].join('\n');
    for (const secret of [password, token, cookie.split('=')[1] ?? '']) expect(seen).not.toContain(secret);
  });
});

describe('a page with a token', () => {
  it('takes it by header, or by its login page', async () => {
    await using page = await startPage({ credentials: { token } });
    expect((await page.ask('/stats/requests', { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await page.ask('/stats/requests', { 'x-gaugeway-token': token })).status).toBe(200);
    expect((await page.ask('/stats/requests', { authorization: `Bearer ${token}x` })).status).toBe(401);
    expect((await page.ask(`/stats/requests?token=${token}`)).status).toBe(401);
    expect((await page.ask('/login')).body).toContain('"asksFor":"token"');
    const cookie = cookieOf(await page.ask('/login', {}, credentialsForm({ token: ` ${token} ` })));
    expect((await page.ask('/', { cookie })).status).toBe(200);
  });
});

describe('a page without either', () => {
  it('has nothing to log in to', async () => {
    await using page = await startPage();
    expect(await page.ask('/login')).toMatchObject({ status: 303, headers: { location: '/' } });
    expect((await page.ask('/', { authorization: 'Bearer whatever' })).status).toBe(200);
  });
});

describe('a page below a base path', () => {
  it('has all of its paths there, and none elsewhere', async () => {
    await using page = await startPage({ basePath: '/tests/load', credentials: { login } });
    expect(page.url).toBe(`http://127.0.0.1:${page.port}/tests/load`);
    for (const path of ['/', '/tests/load']) {
      expect(await page.ask(path)).toMatchObject({ status: 303, headers: { location: '/tests/load/' } });
    }
    expect(await page.ask('/tests/load/')).toMatchObject({ headers: { location: '/tests/load/login' } });
    const form = credentialsForm({ username: 'jo', password });
    const entered = await page.ask('/tests/load/login', {}, form);
    expect(entered.headers['location']).toBe('/tests/load/');
    expect(String(entered.headers['set-cookie'])).toContain('; Path=/tests/load/; ');
    const cookie = cookieOf(entered);
    expect((await page.ask('/tests/load/stats/requests', { cookie })).status).toBe(200);
    expect((await page.ask('/stats/requests', { cookie })).status).toBe(404);
    expect((await page.ask('/tests/loads/', { cookie })).status).toBe(404);
  });
});

describe('pages', () => {
  it('are compressed for browsers, and only for them', async () => {
    await using page = await startPage();
    const [plain, zipped] = [await page.ask('/'), await page.ask('/', { 'accept-encoding': 'gzip, br' })];
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(Number(zipped.headers['content-length'])).toBeLessThan(
      Number(plain.headers['content-length']) / 2,
    );
  });
});
