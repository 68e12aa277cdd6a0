import { Injectable } from '@nestjs/common';
import type { Client } from '../../clients/client.js';
import { IssuanceService } from '../../issuance/issuance.service.js';
import type { AccessToken } from '../../issuance/access-token.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { formatScope, intersection } from '../../oauth/scope.js';
import { endReason } from '../../refresh/rotation.js';
import { looksLikeRefreshToken } from '../../families/refresh-token.js';
import { RefreshService } from '../../refresh/refresh.service.js';
import { RevocationService } from '../../revocation/revocation.service.js';
import { Clock } from '../../platform/time/clock.js';
import { Config } from '../../platform/config/config.js';

export type Introspection = { readonly active: false } | ({ readonly active: true } & Record<string, unknown>);

const INACTIVE: Introspection = { active: false };

/**
 * Introspects a token (RFC 7662), if it is active and the caller may know: the client it was issued to, or a resource server it
 * is meant for. In all other cases the response is `{"active":false}`, whatever the reason.
 */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly issuance: IssuanceService,
    private readonly refreshes: RefreshService,
    private readonly revocations: RevocationService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  async introspect(caller: Client, token: string): Promise<Introspection> {
    const result = looksLikeRefreshToken(token)
      ? await this.ofRefreshToken(caller, token)
      : await this.ofAccessToken(caller, token);
    this.metrics.introspections.inc({ result: result.active ? 'active' : 'inactive' });
    return result;
  }

  private async ofAccessToken(caller: Client, token: string): Promise<Introspection> {
    const found = await this.issuance.readAccessToken(token);
    if (!found) return this.ofRefreshToken(caller, token); // it may be one of another server, imported
    if (!mayKnow(caller, found) || (await this.revocations.isRevoked(found))) return INACTIVE;
    return { active: true, token_type: 'Bearer', ...found.claims };
  }

  /** Only for the token's own client, and only the current token: its predecessor is only good for a retry. */
  private async ofRefreshToken(caller: Client, token: string): Promise<Introspection> {
    const found = await this.refreshes.find(token);
    if (!found || found.family.clientId !== caller.clientId) return INACTIVE;
    const { family, presented } = found;
    if (presented.generation !== family.generation || endReason(family, this.clock.now())) return INACTIVE;
    return {
      active: true,
      iss: this.config.issuer,
      sub: family.subject,
      client_id: family.clientId,
      scope: formatScope(intersection(family.scope, family.clientScopes)),
      exp: Math.floor(Math.min(family.idleExpiresAt, family.absoluteExpiresAt) / 1000),
      family_id: family.familyId,
    };
  }
}

function mayKnow(caller: Client, { clientId, audience }: AccessToken): boolean {
  if (clientId === caller.clientId) return true;
  return caller.mayIntrospect && audience.some((aud) => aud === caller.clientId || caller.audience.includes(aud));
}
