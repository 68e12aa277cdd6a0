import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { OAuthError } from '../../oauth/oauth-error.js';
import type { Hint } from './hints.js';
import { browserNameOf } from './browser-name.js';

const MAX_USER_AGENT = 500;

/** The facts about a request that services may use. */
export interface RequestContext {
  /** Appears in the response, the log and the audit log. */
  readonly correlationId: string;
  /** The caller's address, according to the trusted proxies. */
  readonly source: string;
  /** The family of the user agent, for display and comparison only. */
  readonly agent?: string | undefined;
  /** Milliseconds since the epoch: when the request was complete, including its body. */
  readonly arrivedAt: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** By the injected clock; set after the body was read, before any guard. */
    arrivedAt: number;
    /** Ends a request that takes too long. */
    deadline?: NodeJS.Timeout | undefined;
    /** The page whose script sends the request, at the endpoints that scripts may call. */
    scriptOrigin?: string | undefined;
    /** What the access log and the metrics say of the request, where they say more than its status. */
    outcome?: {
      readonly clientId?: string | undefined;
      readonly result?: string;
      readonly compared?: Readonly<Record<string, string>>;
      readonly hint?: Hint | undefined;
    };
  }
}

export const contextOf = (request: FastifyRequest): RequestContext => ({
  correlationId: request.id,
  source: request.ip,
  agent: userAgentFamily(request.headers['user-agent']),
  arrivedAt: request.arrivedAt,
});

/** The members of a request's context that its audit events have. */
export type AuditedContext = Pick<RequestContext, 'correlationId'> & Partial<Pick<RequestContext, 'source' | 'agent'>>;

export const auditedOf = ({ correlationId, source, agent }: AuditedContext): AuditedContext => ({
  correlationId,
  ...(source !== undefined && { source }),
  ...(agent !== undefined && { agent }),
});

/** A short text like `okhttp/4` or `Firefox on Windows`, whatever the header has. */
export function userAgentFamily(header: string | undefined): string | undefined {
  if (header?.startsWith('Mozilla/')) {
    const { browser = 'Browser', system } = browserNameOf(header.slice(0, MAX_USER_AGENT));
    return system === undefined ? browser : `${browser} on ${system}`;
  }
  return header === undefined ? undefined : /^[a-z][\w.-]{0,29}(\/\d{1,4})?(?=[^\w-]|$)/i.exec(header)?.[0];
}

/** Records the reason, the client and the compared values of a refusal for the access log. */
export function noteRefusal(request: FastifyRequest, { reason, clientId, compared }: OAuthError): void {
  request.outcome = {
    ...request.outcome,
    ...(clientId !== undefined && { clientId }),
    ...(compared && { compared }),
    result: reason,
  };
}

/** The query of a request target, still encoded. */
export const queryOf = (target: string): string => target.slice(target.indexOf('?') + 1 || target.length);

/** Of two Authorization headers Node keeps the first, but a proxy in front may have read the second. */
export const hasTwoAuthorizations = ({ raw }: FastifyRequest): boolean => headerLines(raw, 'authorization') > 1;

/** How many lines of a request have this header: `headers` keeps one, and a proxy in front may have read another. */
export const headerLines = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): number =>
  rawHeaders.filter((line, index) => index % 2 === 0 && line.toLowerCase() === name).length;
