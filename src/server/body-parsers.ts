/** The body parsers: forms, and JSON for the admin API. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { isTooDeep, MAX_LEVELS } from '../platform/http/nesting.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The form may repeat parameters; the route reports that to the redirect URI. */
    readonly mayRepeat?: boolean;
  }
}

export function addParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const { mayRepeat } = request.routeOptions.config;
      if (!isUtf8(body as Buffer)) throw notUtf8();
      const text = body.toString();
      done(null, mayRepeat ? Form.read(text).form : Form.parse(text));
    } catch (error) {
      done(error as Error);
    }
  });
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // No body: whether the route needs one is decided behind its guards.
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body as Buffer)) return done(notUtf8());
    void parseJson(request, body.toString(), (error, value) => {
      if (!error && isTooDeep(value)) return done(tooDeep());
      done(error, value);
    });
  });
}

/** Decoding would replace invalid bytes, and so change the text (RFC 8259 §8.1, RFC 6749 appendix B). */
const notUtf8 = (): OAuthError => OAuthError.invalidRequest('not_utf8', 'The body is not UTF-8.');

const tooDeep = (): OAuthError => OAuthError.invalidRequest('too_deep', `The JSON has more than ${MAX_LEVELS} levels.`);
