/** The methods of each path, for the `Allow` header of a 405; Fastify cannot tell them for paths with parameters. */
import type { FastifyInstance, RouteOptions } from 'fastify';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

type Route = Pick<RouteOptions, 'method' | 'url'>;

export class RouteTable {
  private readonly routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];

  add({ method, url }: Route): void {
    this.routes.push({ path: patternOf(url), methods: [method].flat() });
  }

  /** @param path as received; undecodable paths have been refused before (see the adapter) */
  methodsOf(path: string): string[] {
    const decoded = decodeURI(path);
    const found = this.routes.filter((route) => route.path.test(decoded)).flatMap(({ methods }) => methods);
    return METHODS.filter((method) => found.includes(method));
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly routeTable: RouteTable;
  }
}

/** Call it before any route is added. */
export function recordRoutes(server: FastifyInstance): void {
  const table = new RouteTable();
  server.decorate('routeTable', table);
  server.addHook('onRoute', (route) => table.add(route));
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replace(/[^\w-]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
