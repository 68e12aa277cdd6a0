import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { brandIconSvg } from '../../pages/brand-icon.js';
import { accountPath } from '../../pages/browser-paths.js';
import { pageHeaders } from '../../pages/page-headers.js';
import { Config } from '../../platform/config/config.js';
import { Clock } from '../../platform/time/clock.js';
import { securityText } from './security-text.js';

/** The URLs that browsers, password managers and security researchers expect at the root of a host, whatever the issuer's path. */
@ApiExcludeController()
@Controller()
export class HostController {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** For JSON opened in a browser; pages contain the icon themselves. */
  @Get('favicon.ico')
  icon(@Res() reply: FastifyReply): void {
    void reply
      .headers({ ...pageHeaders(), 'cache-control': 'public, max-age=86400' })
      .type('image/svg+xml')
      .send(brandIconSvg({ brand: this.config.brandColor }));
  }

  /** For password managers (W3C, A Well-Known URL for Changing Passwords). */
  @Get('.well-known/change-password')
  changePassword(@Res() reply: FastifyReply): void {
    void reply.headers(pageHeaders()).redirect(accountPath(this.config), 302);
  }

  /** RFC 9116 */
  @Get('.well-known/security.txt')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  security(): string {
    const { securityContacts, issuer } = this.config;
    if (securityContacts.length === 0) throw new OAuthError('not_found', { reason: 'no_security_contact' });
    return securityText({ contacts: securityContacts, host: new URL(issuer).origin, now: this.clock.now() });
  }
}
