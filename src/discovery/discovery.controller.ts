import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { serverMetadata, type ServerMetadata } from './server-metadata.js';
import { Config } from '../config/config.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Grants } from '../token/grants/grants.service.js';

/** RFC 8414 §3. An issuer with a path has it behind the well-known name (§3.1), and answers there alone. */
@ApiExcludeController()
@Controller('.well-known/oauth-authorization-server')
export class DiscoveryController {
  private readonly metadata: ServerMetadata;
  private readonly issuerPath: string;

  constructor(config: Config, grants: Grants) {
    this.metadata = serverMetadata(config.issuer, grants.types);
    this.issuerPath = new URL(config.issuer).pathname.slice(1);
  }

  @Get(['', '*'])
  @Header('Cache-Control', 'public, max-age=300')
  @Header('Access-Control-Allow-Origin', '*')
  read(@Param('*') path = ''): ServerMetadata {
    if (path !== this.issuerPath) throw new OAuthError('not_found', { reason: 'other_issuer' });
    return this.metadata;
  }
}
