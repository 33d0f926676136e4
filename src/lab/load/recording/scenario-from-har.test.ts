import { describe, expect, it } from 'vitest';
import type { HarRequest } from '../../../../test/support/har.ts';
import { get, here, post, recorded, recordedIn } from '../../../../test/support/record-har.ts';
import { scenarioFromHar } from './scenario-from-har.ts';

describe('a scenario of a HAR file', () => {
  it('is one task that asks in the order of the recording', async () => {
    const { definition, origin } = await recorded([
      get('/late', { atMs: 500 }),
      get('/health', { atMs: 0 }),
      { ...post('/tools', { name: 'a' }), atMs: 100 },
    ]);
    expect(origin).toBe(here);
    expect(definition).toEqual({
      name: 'my-session',
      description: `recorded at ${here}`,
      tasks: [
        {
          name: 'my-session',
          steps: [
            { request: 'GET /health' },
            { request: 'POST /tools', json: { name: 'a' } },
            { request: 'GET /late' },
          ],
        },
      ],
    });
  });

  it('thinks as long as its user did, between the last answer and the next request', async () => {
    const requests = [
      get('/a', { atMs: 0, tookMs: 400 }),
      get('/beside', { atMs: 50, tookMs: 1000 }),
      get('/b', { atMs: 2290, tookMs: 10 }),
      get('/soon', { atMs: 2350, tookMs: 10 }),
      get('/lunch', { atMs: 3_600_000 }),
    ];
    const { steps } = await recorded(requests, { think: 'recorded' });
    expect(steps).toEqual([
      { request: 'GET /a' },
      { request: 'GET /beside' },
      { think: '1200ms' },
      { request: 'GET /b' },
      { request: 'GET /soon' },
      { think: '30s' },
      { request: 'GET /lunch' },
    ]);
  });

  it('goes to the origin of the target, or where most requests went', async () => {
    const requests = [get('/a'), get('/b'), { url: 'https://cdn.example.com/x' }];
    const most = await recorded(requests);
    expect(most.steps).toHaveLength(2);
    expect(most.reasons).toEqual({ 'https://cdn.example.com': 'another origin ×1' });
    const other = await recorded(requests, { target: 'https://cdn.example.com/' });
    expect(other.steps).toEqual([{ request: 'GET /x' }]);
    expect(other.reasons).toMatchObject({ [here]: 'another origin ×2' });
    expect((await recorded(requests, { target: 'http://127.0.0.1:9' })).origin).toBe(here);
  });

  it('does not repeat the path of the target', async () => {
    const { steps, reasons } = await recorded([get('/base/a?x=1'), get('/b')], { target: `${here}/base` });
    expect(steps).toEqual([{ request: 'GET /a?x=1', name: '/a?x' }]);
    expect(reasons).toEqual({ 'GET /b': "not below the target's /base ×1" });
  });

  it('counts requests that differ in an id only under one name', async () => {
    const paths = ['/tools/17', '/tools/0b7c9f3e-1111-4222-8333-123456789abc/state', '/x?page=2&page=3&q'];
    const { steps } = await recorded(paths.map((path) => get(path)));
    expect(steps.map((step) => Object(step).name)).toEqual(['/tools/:id', '/tools/:id/state', '/x?page&q']);
  });

  it('leaves out what a browser does by itself, and says so', async () => {
    const { steps, reasons } = await recorded([
      get('/'),
      get('/app.js?v=3', { answerType: 'text/javascript' }),
      get('/logo', { answerType: 'image/png' }),
      get('/again', { more: { _fromCache: 'disk' } }),
      get('/broken', { status: 0 }),
      { ...get('/tools'), method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } },
      { url: 'data:text/plain,hello' },
      { url: 'ws://127.0.0.1:4444/live', status: 101 },
    ]);
    expect(steps).toEqual([{ request: 'GET /' }]);
    expect(reasons).toEqual({
      'GET /app.js': 'an asset; --har-assets keeps it ×1',
      'GET /logo': 'an asset; --har-assets keeps it ×1',
      'GET /again': "answered from the browser's cache ×1",
      'GET /broken': 'it has no answer ×1',
      'OPTIONS /tools': 'browsers ask this by themselves ×1',
      'data: requests': 'another origin ×1',
      'ws: requests': 'another origin ×1',
    });
  });

  it('keeps assets when it is told to', async () => {
    const { steps } = await recorded([get('/app.js'), get('/logo.png')], { assets: true });
    expect(steps).toHaveLength(2);
  });

  it('expects the status that was recorded where it was no success', async () => {
    const { steps } = await recorded([
      get('/gone', { status: 404 }),
      get('/moved', { status: 302 }),
      get('/same', { status: 304 }),
      get('/made', { status: 201 }),
    ]);
    expect(steps).toEqual([
      { request: 'GET /gone', check: { status: 404 } },
      { request: 'GET /moved', check: { status: 302 } },
      { request: 'GET /same' },
      { request: 'GET /made' },
    ]);
  });
});

describe('the body of a recorded request', () => {
  it('stays what it was', async () => {
    const form = 'application/x-www-form-urlencoded';
    const { steps } = await recorded([
      post('/json', { text: '${not} an expression', n: 1, deep: [null, { a: true }] }),
      post('/form', 'a=1%2B1&b=%24%7Bx%7D', { type: `${form}; charset=UTF-8` }),
      post('/twice', 'a=1&a=2', { type: form }),
      post('/xml', '<a>${b}</a>', { type: 'application/xml' }),
      post('/patch', { a: 1 }, { type: 'application/merge-patch+json' }),
      post('/broken', '{"a":', {}),
    ]);
    expect(steps).toEqual([
      { request: 'POST /json', json: { text: '$${not} an expression', n: 1, deep: [null, { a: true }] } },
      { request: 'POST /form', form: { a: '1+1', b: '$${x}' } },
      { request: 'POST /twice', body: 'a=1&a=2', headers: { 'content-type': form } },
      { request: 'POST /xml', body: '<a>$${b}</a>', headers: { 'content-type': 'application/xml' } },
      { request: 'POST /patch', json: { a: 1 }, headers: { 'content-type': 'application/merge-patch+json' } },
      { request: 'POST /broken', body: '{"a":', headers: { 'content-type': 'application/json' } },
    ]);
  });

  it.each<[what: string, request: HarRequest, reason: string]>([
    [
      'parts',
      post('/a', '--x', { type: 'multipart/form-data; boundary=x' }),
      'its body has several parts or files',
    ],
    ['bytes', post('/a', 'a\u0000b', { type: 'application/octet-stream' }), 'its body is no text'],
    ['too much', post('/a', 'x'.repeat(20_000), { type: 'text/plain' }), 'its body is over 16384 characters'],
    ['too much JSON', post('/a', ['x'.repeat(70_000)]), 'its body is over 65536 characters'],
    ['depth', post('/a', `${'['.repeat(99)}${']'.repeat(99)}`), 'its body is nested more than 32 deep'],
    [
      'a very long path',
      get(`/${'x'.repeat(20_000)}`),
      'Too big: expected string to have <=16384 characters',
    ],
  ])('of %s leaves the request out', async (_what, request, reason) => {
    const { steps, leftOut } = await recorded([get('/'), request]);
    expect(steps).toHaveLength(1);
    expect(leftOut).toMatchObject([{ reason }]);
  });
});

describe('secrets of a recording', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl';

  it('get into no scenario, wherever they were', async () => {
    const made = await recorded([
      get(`/a?access_token=hunter2%2Da&page=2&x=${jwt}`, {
        headers: {
          Cookie: 'jwt=hunter2-b',
          Authorization: 'Bearer hunter2-c',
          'X-Api-Key': 'hunter2-d',
          'X-Unheard-Of': 'hunter2hunter2hunter2',
          'X-CSRF-Token': 'hunter2-e',
        },
      }),
      get(`/reset/${jwt}`),
      post('/login', { user: 'me', password: 'hunter2-f', newPassword: 'hunter2-g', note: `Bearer ${jwt}` }),
      post('/login', 'user=me&client_secret=hunter2-h', { type: 'application/x-www-form-urlencoded' }),
      post('/soap', '<password>hunter2-i</password>', { type: 'text/xml' }),
    ]);
    const written = JSON.stringify(made);
    expect(written).not.toContain('hunter2');
    expect(written).not.toContain(jwt.slice(0, 20));
    expect(made.steps).toMatchObject([
      { request: 'GET /a?access_token=${access_token}&page=2&x=${x}', name: '/a?access_token&page&x' },
      { request: 'GET /reset/${secret}', name: '/reset/:id' },
      { json: { user: 'me', password: '${password}', newPassword: '${newPassword}', note: '${note}' } },
      { form: { user: 'me', client_secret: '${client_secret}' } },
    ]);
    expect(made.scenario.variables).toMatchObject({ password: 'FILL-IN', client_secret: 'FILL-IN' });
    expect(made.reasons).toMatchObject({
      'the header cookie': 'a secret, or of one session only ×1',
      'the header x-unheard-of': 'a secret, or of one session only ×1',
      'the value of password': 'a secret: give one to its variable ×1',
      'POST /soap': 'its body is text that may hold a secret ×1',
    });
  });

  const token = 'd41d8cd98f00b204e9800998ecf8427e';
  const names = ['sessionId', 'private_key', 'otp', 'csrfmiddlewaretoken', 'auth', 'cookie', 'signature'];
  const moreNames = ['accessKeyId', 'pin', 'sig', 'code', 'sid', 'jsessionid'];

  it.each([...names, ...moreNames])('are found by the name %s, wherever it is', async (name) => {
    const form = { type: 'application/x-www-form-urlencoded' };
    const made = await recorded([
      get(`/a?${name}=hunter2`, { headers: { [name]: 'hunter2' } }),
      post('/json', { deep: [{ [name]: 'hunter2' }], inside: { [name]: { user: 'hunter2' } } }),
      post('/form', `a=1&${name}=hunter2`, form),
      post('/twice', `a=1&a=2&${name}=hunter2`, form),
      get(`/page;${name}=hunter2/b`),
    ]);
    expect(JSON.stringify(made)).not.toContain('hunter2');
    expect(made.steps).toHaveLength(4);
  });

  it('are found by what they look like where no answer gave them', async () => {
    const made = await recorded([
      get(`/reset/${token}`),
      get(`/verify?${token}`),
      get(`/other/${token.toUpperCase()}?state=${token}`),
      post('/json', { list: [token], text: `it is ${token}` }),
      post('/text', `it is ${token}`, { type: 'text/plain' }),
    ]);
    expect(JSON.stringify(made).toLowerCase()).not.toContain(token);
    expect(made.steps).toMatchObject([
      { request: 'GET /reset/${secret}', name: '/reset/:id' },
      { request: 'GET /verify?${secret}' },
      { request: 'GET /other/${secret_2}?state=${state}' },
      { json: { list: ['${list}'], text: '${text}' } },
    ]);
    expect(made.reasons).toMatchObject({ 'POST /text': 'its body is text that may hold a secret ×1' });
  });

  it('are taken from the answer that gave them', async () => {
    const { steps } = await recorded([get('/new', { answer: { ticket: token } }), get(`/reset/${token}`)]);
    expect(steps).toMatchObject([
      { extract: { ticket: '$.ticket' } },
      { request: 'GET /reset/${ticket}', name: '/reset/:id' },
    ]);
  });

  it('stay out beside headers that change an answer', async () => {
    const { steps } = await recorded([
      get('/', {
        headers: {
          ':authority': 'x',
          Accept: 'application/json',
          'HX-Request': 'true',
          'X-Tenant': 'acme ${x}',
          'User-Agent': 'Mozilla/5.0',
          'Sec-Fetch-Mode': 'cors',
          Host: '127.0.0.1:4444',
          'If-None-Match': '"1"',
        },
      }),
    ]);
    expect(steps).toMatchObject([
      { headers: { accept: 'application/json', 'hx-request': 'true', 'x-tenant': 'acme $${x}' } },
    ]);
    expect(Object.keys(Object(steps[0]).headers)).toHaveLength(3);
  });
});

describe('a file that is no recording', () => {
  it.each<[what: string, text: string, message: RegExp]>([
    ['no JSON', 'hello', /is no HAR file .*it needs log\.entries/],
    ['other JSON', '{"log": {}}', /is no HAR file/],
    ['empty', '{"log":{"entries":[]}}', /holds no request that a load could send: it is empty/],
    ['of no use', '{"log":{"entries":[1,{}]}}', /an entry \(not a request of HAR 1\.2\)/],
  ])('is refused: %s', async (_what, text, message) => {
    await expect(recordedIn(text)).rejects.toThrowError(message);
  });

  it('is refused when it is not there', async () => {
    await expect(scenarioFromHar('/nowhere/x.har', { think: 'none', assets: false })).rejects.toThrowError(
      /ENOENT/,
    );
  });

  it('may begin with a byte order mark, and lack what browsers leave out', async () => {
    const entry = {
      startedDateTime: '2026-01-15T12:00:00Z',
      request: { method: 'get', url: `${here}/a` },
      response: { status: 200 },
    };
    const { steps } = await recordedIn(`\uFEFF${JSON.stringify({ log: { entries: [entry] } })}`);
    expect(steps).toEqual([{ request: 'GET /a' }]);
  });

  it('of more steps than a task has is cut, and says so', async () => {
    const { steps, reasons } = await recorded(Array.from({ length: 230 }, (_, n) => get(`/p${n}`)));
    expect(steps).toHaveLength(200);
    expect(reasons).toEqual({ '30 steps at the end': 'a task has up to 200 ×1' });
  });
});
