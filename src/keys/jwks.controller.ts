import { Controller, Get, Header } from '@nestjs/common';
import type { JWK } from 'jose';
import { KeyRing } from './key-ring.service.js';

/** A twelfth of `PUBLISH_AHEAD_MS`, so that every cached copy contains a key before it signs. */
export const JWKS_MAX_AGE_SECONDS = 300;

/** The public keys, for resource servers that verify access tokens themselves (RFC 7517 §5, §8.5). */
@Controller('jwks')
export class JwksController {
  constructor(private readonly ring: KeyRing) {}

  @Get()
  @Header('Content-Type', 'application/jwk-set+json')
  @Header('Cache-Control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`)
  jwks(): { keys: JWK[] } {
    return this.ring.jwks();
  }
}
