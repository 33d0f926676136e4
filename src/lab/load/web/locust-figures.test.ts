import { expect, test } from 'vitest';
import { httpMethods } from '../scenarios/scenario.ts';
import { splitName } from './locust-figures.ts';

test.each(httpMethods)('a request by %s has its method apart from its name', (method) => {
  expect(splitName(`${method} /items/1`)).toEqual({ method, name: '/items/1' });
  expect(splitName(`${method} one item`)).toEqual({ method, name: 'one item' });
});

test.each(['tools/call GET /items', 'tools/list', 'ping', 'GET', 'GETTING started', 'put /items'])(
  '%j of MCP is a POST',
  (name) => expect(splitName(name)).toEqual({ method: 'POST', name }),
);
