import type { FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { contextOf, type RequestContext } from './request-context.js';

/** The facts about a browser's request that services may use. Each member that is not of `RequestContext` is a header. */
export interface BrowserContext extends RequestContext {
  readonly cookies: string | undefined;
  readonly userAgent: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
}

export function browserOf(request: FastifyRequest): BrowserContext {
  const { cookie: cookies, origin, ...headers } = request.headers as Record<string, string | undefined>;
  return {
    ...contextOf(request),
    cookies,
    userAgent: headers['user-agent'],
    origin,
    secFetchSite: headers['sec-fetch-site'],
  };
}

/** @throws OAuthError invalid_request if the body is not a form */
export function formOf({ body }: FastifyRequest): Form {
  if (!(body instanceof Form)) throw OAuthError.invalidRequest('not_a_form');
  return body;
}
