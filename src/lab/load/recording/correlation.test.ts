import { describe, expect, it } from 'vitest';
import { get, post, recorded } from '../../../../test/support/record-har.ts';

describe('a value that an answer gave and a later request used', () => {
  const id = '7c9f3e0b11114222';

  it('is taken from the answer again', async () => {
    const { steps } = await recorded([
      post(
        '/items',
        { name: 'one' },
        { status: 201, answer: { id, size: 123_456, 'odd key': ['a-b-c-d-1'] } },
      ),
      get(`/items/${id}`, { answer: { id } }),
      get(`/search?near=${id}&size=123456`),
      { ...post('/links', { to: id, all: [id], size: 123_456, odd: 'a-b-c-d-1' }), method: 'PUT' },
    ]);
    expect(steps).toEqual([
      {
        request: 'POST /items',
        json: { name: 'one' },
        extract: { items_id: '$.id', size: '$.size', odd_key: "$['odd key'][0]" },
      },
      { request: 'GET /items/${items_id}', name: '/items/:id' },
      { request: 'GET /search?near=${items_id}&size=${size}', name: '/search?near&size' },
      {
        request: 'PUT /links',
        json: { to: '${items_id}', all: ['${items_id}'], size: '${size}', odd: '${odd_key}' },
      },
    ]);
  });

  it('keeps its type', async () => {
    const { steps } = await recorded([
      get('/a', { answer: { n: 123_456, t: '12345678' } }),
      post('/b', { n: '123456', t: 12_345_678 }),
    ]);
    expect(steps).toMatchObject([{ request: 'GET /a' }, { json: { n: '123456', t: 12_345_678 } }]);
    expect(steps[0]).not.toHaveProperty('extract');
  });

  it('gives several of one name different variables', async () => {
    const { steps } = await recorded([
      get('/tools', { answer: [{ id: 'tool-0000001' }, { id: 'tool-0000002' }] }),
      get('/tools/tool-0000002'),
      get('/tools/tool-0000001'),
    ]);
    expect(steps).toMatchObject([
      { extract: { tools_id: '$[1].id', tools_id_2: '$[0].id' } },
      { request: 'GET /tools/${tools_id}' },
      { request: 'GET /tools/${tools_id_2}' },
    ]);
  });

  it("is a token, too, so that a login works without the recording's", async () => {
    const token = 'opaque-0123456789';
    const made = await recorded([
      post('/login', { user: 'me' }, { answer: { access_token: token } }),
      get('/me', { headers: { authorization: `Bearer ${token}` } }),
    ]);
    expect(made.steps).toMatchObject([
      { extract: { access_token: '$.access_token' } },
      { headers: { authorization: 'Bearer ${access_token}' } },
    ]);
    expect(made.leftOut).toEqual([]);
  });

  it.each<[what: string, value: unknown]>([
    ['short', 'ab12'],
    ['a small number', 4711],
    ['a word', 'in_progress'],
    ['a date', '2026-01-15'],
    ['text', 'a text with 12345'],
  ])('is a coincidence when it is %s', async (_what, value) => {
    const { steps } = await recorded([get('/a', { answer: { value } }), post('/b', { value })]);
    expect(steps).toEqual([{ request: 'GET /a' }, { request: 'POST /b', json: { value } }]);
  });

  it("is the user's own when a request had sent it before", async () => {
    const { steps } = await recorded([
      post('/items', { name: 'my-item-1' }, { answer: { name: 'my-item-1' } }),
      get('/items/my-item-1'),
    ]);
    expect(steps).toEqual([
      { request: 'POST /items', json: { name: 'my-item-1' } },
      { request: 'GET /items/my-item-1' },
    ]);
  });

  it('is sent as it is where it would have to be encoded', async () => {
    const uri = 'file:///tmp/report 1';
    const { steps } = await recorded([
      get('/resources', { answer: [{ uri: 'file:///tmp/1' }, { uri }] }),
      get(`/resources/${encodeURIComponent('file:///tmp/1')}`),
    ]);
    expect(steps[1]).toMatchObject({ request: 'GET /resources/file%3A%2F%2F%2Ftmp%2F1' });
  });
});
