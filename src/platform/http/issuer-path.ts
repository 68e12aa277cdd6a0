import type { FastifyRequest } from 'fastify';

/** The prefix of every path of the service: the path of its issuer, like `/id`, or an empty string. */
export const issuerPath = ({ issuer }: { readonly issuer: string }): string =>
  new URL(issuer).pathname.replace(/\/$/, '');

/** The path of the admin API, where errors are problem details. */
export const adminPathOf = (issuer: string): string => `${issuerPath({ issuer })}/admin`;

/** By the matched route if there is one, because a path has many spellings. */
export function isBelow(path: string, { routeOptions, url }: FastifyRequest): boolean {
  const own = routeOptions?.url ?? url.split('?', 1)[0]!;
  return own === path || own.startsWith(`${path}/`);
}
