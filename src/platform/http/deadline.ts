/** How long a request may take, from its body on. A route says so in its `RouteConfig` if it has another limit. */
import type { FastifyContextConfig } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `none` for work on many rows, which is bounded by the time limit of its statements. */
    readonly deadlineMs?: number | 'none';
  }
}

/** For an answer within two seconds. Longer than the time limits of a single statement, whose errors say more. */
export const DEADLINE_MS = 1850;

/** Admins prefer a slow answer to an unknown outcome when they revoke or import thousands of rows. */
export const BULK: FastifyContextConfig = { deadlineMs: 'none' };

/** A hash that was imported may take seconds, beside the time in the queue. */
export const HASHES_PASSWORD: FastifyContextConfig = { deadlineMs: 10_000 };

/** Two requests to another server, each with a time limit of its own. */
export const ASKS_UPSTREAM: FastifyContextConfig = { deadlineMs: 5000 };
