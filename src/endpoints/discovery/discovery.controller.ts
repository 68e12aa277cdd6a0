import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { serverMetadata, type ServerMetadata } from './server-metadata.js';
import { Config } from '../../platform/config/config.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { ScopeCatalog } from '../../scopes/scope-catalog.service.js';
import { Grants } from '../token/grants/grant.js';

/** One document at two URLs, which differ for an issuer with a path: `app.setup.ts` keeps the first outside the path. */
@ApiExcludeController()
@Controller('.well-known')
export class DiscoveryController {
  private readonly issuerPath: string;

  constructor(
    private readonly config: Config,
    private readonly grants: Grants,
    private readonly scopes: ScopeCatalog,
  ) {
    this.issuerPath = new URL(config.issuer).pathname.slice(1);
  }

  /** RFC 8414 §3. An issuer's path comes after the well-known name (§3.1), and the document is only there. */
  @Get(['oauth-authorization-server', 'oauth-authorization-server/*'])
  @Header('Cache-Control', 'public, max-age=300')
  authorizationServer(@Param('*') path?: string): Promise<ServerMetadata> {
    // With a slash at its end it is another URL, for which no metadata is published.
    if (path === '' || (path ?? '') !== this.issuerPath) throw new OAuthError('not_found', { reason: 'other_issuer' });
    return this.metadata();
  }

  /** OpenID Connect Discovery §4: an issuer's path comes before the well-known name. */
  @Get('openid-configuration')
  @Header('Cache-Control', 'public, max-age=300')
  openidProvider(): Promise<ServerMetadata> {
    return this.metadata();
  }

  private async metadata(): Promise<ServerMetadata> {
    return serverMetadata(this.config, [...this.grants.keys()], await this.scopes.definitions());
  }
}
