import { expect, it } from '@jest/globals';
import { RouteTable } from './route-table.js';

function table(...routes: [method: string | string[], url: string][]): RouteTable {
  const made = new RouteTable();
  for (const [method, url] of routes) made.add({ method, url });
  return made;
}

it('a path has the methods of all its routes', () => {
  const routes = table(
    ['POST', '/token'],
    [['GET', 'DELETE'], '/clients/:id'],
    ['PATCH', '/clients/:id'],
    ['GET', '/well-known/*'],
  );
  expect(routes.methodsOf('/token')).toEqual(['POST']);
  expect(routes.methodsOf('/clients/1')).toEqual(['GET', 'PATCH', 'DELETE']);
  expect(routes.methodsOf('/well-known/a/b')).toEqual(['GET']);
});

it.each(['/toke', '/tokens', '/token/', '/x/token', '/clients/', '/clients/1/2', '', '/'])(
  '%j has no methods',
  (path) => {
    expect(table(['POST', '/token'], ['GET', '/clients/:id']).methodsOf(path)).toEqual([]);
  },
);

it('characters of a path are literal, not a pattern', () => {
  expect(table(['GET', '/a.b']).methodsOf('/axb')).toEqual([]);
  expect(table(['GET', '/a.b']).methodsOf('/a.b')).toEqual(['GET']);
  expect(table(['GET', '/(a+)+$']).methodsOf('/aaaa')).toEqual([]);
});

it('[33] a path is known in every spelling that the router accepts', () => {
  expect(table(['POST', '/token']).methodsOf('/%74oken')).toEqual(['POST']);
  expect(table(['POST', '/token']).methodsOf('/token%2f')).toEqual([]);
});

it('HEAD is not listed, because it comes with GET', () => {
  expect(table([['GET', 'HEAD'], '/a']).methodsOf('/a')).toEqual(['GET']);
});
