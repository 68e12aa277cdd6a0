import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { Config } from '../../platform/config/config.js';

/** Nothing is there where the console is switched off. */
@Injectable()
export class ConsoleGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(): boolean {
    if (this.config.console === 'off') throw new OAuthError('not_found', { reason: 'console_off' });
    return true;
  }
}

/**
 * Admits only the console's own scripts: another site cannot send this header without a preflight, which is not answered, and
 * its requests come without the cookie (SameSite).
 */
@Injectable()
export class ConsoleScriptGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const site = headers['sec-fetch-site'];
    if (headers['x-rekey-console'] === undefined || (site !== undefined && site !== 'same-origin')) {
      throw OAuthError.invalidRequest('not_the_console');
    }
    return true;
  }
}
