import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.js';
import { looksLikeRefreshToken, parseRefreshToken, type RefreshTokenParts } from '../families/refresh-token.js';
import type { TokenFamily } from '../families/token-family.js';
import type { Authorization } from '../issuance/authorization.js';
import { AdoptedFamilies } from '../families/adopted-families.service.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEventName } from '../platform/audit/audit-event.js';
import { auditedOf, type RequestContext } from '../platform/http/request-context.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import { delayOf, NO_DELAY } from './client-health.js';
import { ClientHealth } from './client-health.worker.js';
import { FamilyAuthorizations } from './family-authorizations.service.js';
import { ReuseResponse } from './reuse-response.service.js';
import { generations, judge, type Presented, type Verdict } from './rotation.js';
import { Rotations, type Outcome } from './rotations.service.js';

/** The verdict on a token, with its generation and family as far as they are known. */
interface Explained {
  readonly judged: Verdict | { readonly verdict: 'malformed' };
  readonly generation?: number;
  readonly family?: TokenFamily | undefined;
}

/**
 * The only way to use a refresh token. A retry within the grace period gets the same successor again; reuse revokes the family;
 * every other refusal changes nothing.
 */
@Injectable()
export class RefreshService {
  constructor(
    private readonly rotations: Rotations,
    private readonly adopted: AdoptedFamilies,
    private readonly authorizations: FamilyAuthorizations,
    private readonly reuse: ReuseResponse,
    private readonly keys: KeyRing,
    private readonly audit: AuditService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly health: ClientHealth,
  ) {}

  /**
   * @param asked the scope and resource of the request; undefined: the same as before
   * @throws OAuthError invalid_grant, invalid_scope, invalid_target; then nothing is consumed, and only a reuse revokes anything
   */
  async redeem(
    client: Client,
    refreshToken: string,
    asked: Pick<Presented, 'scope' | 'resource'>,
    context: RequestContext,
  ): Promise<Authorization> {
    const parts = await this.parse(refreshToken);
    if (!parts) return this.refuse({ verdict: 'malformed' }, undefined, client, context);
    const { clientId } = client;
    const presented = { ...parts, clientId, ...asked, ...auditedOf(context) };
    const outcome =
      (await this.scopeRefusal(presented, context)) ??
      (await this.rotations.redeem(refreshToken, presented, context.arrivedAt));
    if (outcome.verdict === 'rotated') {
      // The statement has audited the request that it rotated for, but not those that share its result.
      if (!outcome.leads) await this.audit.record(this.event('refresh.renewed', outcome.family, client, context));
      const verdict = outcome.family.rotates ? 'rotated' : 'renewed';
      this.metrics.refreshes.inc({ verdict });
      this.health.counts.inc({ clientId, outcome: verdict, delaySeconds: NO_DELAY });
      return this.authorizations.of(client, outcome.family, outcome.family, asked);
    }
    if (outcome.verdict === 'retry') {
      const event = this.event('refresh.retried', outcome.family, client, context);
      await this.audit.record({ ...event, detail: generations(outcome.family, parts.generation) });
      this.metrics.refreshes.inc({ verdict: 'retry' });
      const delaySeconds = delayOf(outcome.family, parts.generation, context.arrivedAt);
      this.health.counts.inc({ clientId, outcome: 'retry', delaySeconds });
      const first = { rotates: true, at: outcome.family.rotatedAt[0]! };
      return this.authorizations.of(client, outcome.family, first, asked);
    }
    if (outcome.verdict === 'reuse') await this.reuse.respond(client, outcome.family, parts.generation, context);
    return this.refuse(outcome, parts.generation, client, context);
  }

  /** Judges a refresh token as if its own client presented it now, without naming a scope or a resource. Changes nothing. */
  async judge(refreshToken: string): Promise<Explained> {
    const presented = await this.parse(refreshToken);
    if (!presented) return { judged: { verdict: 'malformed' } };
    const family = await this.rotations.find(presented.handle);
    const now = this.clock.now();
    const asked = { clientId: family?.clientId ?? '', scope: undefined, resource: undefined };
    return { judged: judge(family, { ...presented, ...asked }, now, now), generation: presented.generation, family };
  }

  /** Finds the family of a refresh token, for revocation and introspection. Undefined for a token that was not minted here. */
  async find(refreshToken: string): Promise<{ family: TokenFamily; presented: RefreshTokenParts } | undefined> {
    const presented = await this.parse(refreshToken);
    const family = presented && (await this.rotations.find(presented.handle));
    return family && { family, presented };
  }

  private parse(refreshToken: string): RefreshTokenParts | undefined | Promise<RefreshTokenParts | undefined> {
    if (!looksLikeRefreshToken(refreshToken)) return this.adopted.find(refreshToken);
    return this.keys.reading(({ tokenKey }) => parseRefreshToken(refreshToken, tokenKey));
  }

  /** RFC 6749 §6: a named scope is checked against the grant before anything is written, and again by the statement itself. */
  private async scopeRefusal(presented: Presented, { arrivedAt }: RequestContext) {
    if (!presented.scope) return undefined;
    const judged = judge(await this.rotations.find(presented.handle), presented, this.clock.now(), arrivedAt);
    return judged.verdict === 'scope_exceeded' ? judged : undefined;
  }

  private async refuse(
    refused: Exclude<Outcome, { verdict: 'rotated' | 'retry' }> | { verdict: 'malformed' },
    generation: number | undefined,
    client: Client,
    context: RequestContext,
  ): Promise<never> {
    const { verdict } = refused;
    const reason = verdict === 'ended' ? refused.reason : verdict;
    this.metrics.refreshes.inc({ verdict });
    const family = 'family' in refused ? refused.family : undefined;
    const isLate = family && generation !== undefined && (verdict === 'stale' || verdict === 'reuse');
    const delaySeconds = isLate ? delayOf(family, generation, context.arrivedAt) : NO_DELAY;
    this.health.counts.inc({ clientId: client.clientId, outcome: reason, delaySeconds });
    // The reuse response has audited a reuse already, in the transaction that revoked the family.
    if (verdict !== 'reuse') {
      const event = { ...this.event('refresh.refused', family, client, context), reason };
      const detail = family && generation !== undefined && generations(family, generation);
      await this.audit.recordRefusal({ ...event, ...(detail && { detail }) }, client.type === 'confidential');
    }
    if (verdict === 'scope_exceeded') throw OAuthError.invalidScope(reason);
    throw verdict === 'wrong_target' ? new OAuthError('invalid_target', { reason }) : OAuthError.invalidGrant(reason);
  }

  private event(event: AuditEventName, family: TokenFamily | undefined, { clientId }: Client, context: RequestContext) {
    return {
      event,
      at: this.clock.now(),
      clientId,
      subject: family?.subject,
      familyId: family?.familyId,
      generation: family?.generation,
      ...auditedOf(context),
    };
  }
}
