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

/** What browsers, password managers and researchers look for at the root of a host, whatever the issuer's path is. */
@ApiExcludeController()
@Controller()
export class HostController {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Pages have the icon in them; JSON that is opened in a browser has not. */
  @Get('favicon.ico')
  icon(@Res() reply: FastifyReply): void {
    void reply
      .headers({ ...pageHeaders(), 'cache-control': 'public, max-age=86400' })
      .removeHeader('pragma')
      .type('image/svg+xml')
      .send(brandIconSvg({ brand: this.config.brandColor }));
  }

  /** Where a password manager sends its user to change the password (W3C, A Well-Known URL for Changing Passwords). */
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
