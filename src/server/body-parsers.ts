/** The body parsers: forms, and JSON for the admin API. */
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
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => {
    try {
      const { mayRepeat } = request.routeOptions.config;
      done(null, mayRepeat ? Form.read(body as string).form : Form.parse(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    void parseJson(request, body as string, (error, value) => {
      if (!error && isTooDeep(value)) return done(tooDeep());
      done(error, value);
    });
  });
}

const tooDeep = (): OAuthError => OAuthError.invalidRequest('too_deep', `The JSON has more than ${MAX_LEVELS} levels.`);
