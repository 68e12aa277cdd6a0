import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEventName } from '../platform/audit/audit-event.js';
import type { Client } from '../clients/client.js';
import { Coalescer } from '../platform/database/coalescer.js';
import type { RequestContext } from '../platform/http/request-context.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { formatScope } from '../oauth/scope.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Clock } from '../platform/time/clock.js';
import { parseRefreshToken, type RefreshTokenParts } from '../families/refresh-token.js';
import { refreshedOf, type Asked, type Refreshed } from './refreshed.js';
import { ReuseResponse } from './reuse-response.service.js';
import { judge, type FamilySnapshot, type Verdict } from './rotation.js';
import { RotationBatch, type Rotation } from './rotation-batch.js';
import { TokenFamilyRepository, type RotatedFamily, type RotationEntry } from './token-family.repository.js';

interface Attempt {
  readonly client: Client;
  readonly refreshToken: string;
  readonly presented: RefreshTokenParts;
  readonly asked: Asked;
  readonly context: RequestContext;
}

/** How often a row that somebody else held is asked for again. */
const MAX_ATTEMPTS = 3;

/**
 * The only way to use a refresh token. It rotates first, in one statement, and asks why only when that changed nothing; a
 * retry gets the same successor again, and a reuse ends the family.
 */
@Injectable()
export class RefreshService {
  private readonly snapshots: Coalescer<string, FamilySnapshot | undefined>;

  constructor(
    private readonly batch: RotationBatch,
    store: TokenFamilyRepository,
    private readonly reuse: ReuseResponse,
    private readonly audit: AuditService,
    private readonly keys: KeyRing,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    this.snapshots = new Coalescer({ run: (handles) => store.snapshots(handles), maxEntries: 256, maxInFlight: 2 });
  }

  /**
   * @throws OAuthError invalid_grant, invalid_scope, invalid_target; nothing is consumed then, and only a reuse revokes anything
   */
  async redeem(client: Client, refreshToken: string, asked: Asked, context: RequestContext): Promise<Refreshed> {
    const presented = await this.parse(refreshToken);
    if (!presented) return this.refuse('malformed', { client, context });
    const attempt = { client, refreshToken, presented, asked, context };
    return this.answer(await this.batch.rotate(refreshToken, entryOf(attempt)), attempt);
  }

  /** What a refresh token points to, for revocation and introspection. Undefined where it is not one of ours. */
  async find(refreshToken: string): Promise<{ family: FamilySnapshot; presented: RefreshTokenParts } | undefined> {
    const presented = await this.parse(refreshToken);
    const family = presented && (await this.snapshots.submit(presented.handle));
    return family && { family, presented };
  }

  private parse(refreshToken: string): RefreshTokenParts | undefined | Promise<RefreshTokenParts | undefined> {
    return this.keys.reading(({ tokenKey }) => parseRefreshToken(refreshToken, tokenKey));
  }

  private async answer({ rotated, leads }: Rotation, attempt: Attempt, tries = 1): Promise<Refreshed> {
    if (!rotated) return this.classify(attempt, tries);
    if (leads) return this.succeed(rotated, attempt);
    // Another request with the same token was rotated: this one is its retry. Where nothing rotates, they are equals.
    return rotated.rotates ? this.classify(attempt, tries) : this.renewedBeside(rotated, attempt);
  }

  private async classify(attempt: Attempt, tries: number): Promise<Refreshed> {
    const { client, presented, asked, context } = attempt;
    const family = await this.snapshots.submit(presented.handle);
    const judged = judge(
      family,
      { generation: presented.generation, clientId: client.clientId, ...asked },
      this.clock.now(),
      context.arrivedAt,
    );
    if (judged.verdict === 'retry') return this.retry(judged.family, attempt);
    if (judged.verdict === 'rotatable') return this.rotateAlone(attempt, tries);
    if (judged.verdict === 'reuse') await this.reuse.respond(client, judged.family, presented.generation, context);
    return this.refuse(judged.verdict, { client, context, judged });
  }

  /** The row was locked when the batch came by: wait for it. */
  private async rotateAlone(attempt: Attempt, tries: number): Promise<Refreshed> {
    if (tries > MAX_ATTEMPTS) throw OAuthError.unavailable('contended_family');
    return this.answer(await this.batch.rotateAlone(attempt.refreshToken, entryOf(attempt)), attempt, tries + 1);
  }

  private succeed(rotated: RotatedFamily, { asked }: Attempt): Refreshed {
    this.metrics.refreshes.inc({ verdict: rotated.rotates ? 'rotated' : 'renewed' });
    return refreshedOf(rotated, asked, rotated, this.keys.mintingTokenKey());
  }

  private async renewedBeside(rotated: RotatedFamily, attempt: Attempt): Promise<Refreshed> {
    await this.record('refresh.renewed', attempt, rotated);
    return this.succeed(rotated, attempt);
  }

  private async retry(family: FamilySnapshot, attempt: Attempt): Promise<Refreshed> {
    await this.record('refresh.retried', attempt, family);
    this.metrics.refreshes.inc({ verdict: 'retry' });
    const moved = { rotates: true, rotatedAt: family.rotatedAt[0]! };
    return refreshedOf(family, attempt.asked, moved, this.keys.mintingTokenKey());
  }

  private record(
    event: AuditEventName,
    { client, context }: Attempt,
    { sid, subject }: { sid: string; subject: string },
  ) {
    const { correlationId } = context;
    return this.audit.record({ event, at: this.clock.now(), clientId: client.clientId, subject, sid, correlationId });
  }

  private async refuse(
    verdict: Exclude<Verdict['verdict'], 'retry' | 'rotatable'> | 'malformed',
    { client, context, judged }: { client: Client; context: RequestContext; judged?: Verdict },
  ): Promise<never> {
    const family = judged && 'family' in judged ? judged.family : undefined;
    const reason = judged?.verdict === 'dead' ? judged.reason : verdict;
    this.metrics.refreshes.inc({ verdict });
    // A reuse has been recorded where it was answered, in the transaction that revoked.
    if (verdict !== 'reuse') {
      const event = {
        event: 'refresh.refused',
        reason,
        at: this.clock.now(),
        clientId: client.clientId,
        subject: family?.subject,
        sid: family?.sid,
        correlationId: context.correlationId,
      } as const;
      await this.audit.recordRefusal(event, client.type === 'confidential');
    }
    throw refusalOf(verdict, reason);
  }
}

/** Scope and resource errors do not consume the token; every other verdict means that the token is not valid. */
function refusalOf(verdict: string, reason: string): OAuthError {
  if (verdict === 'too_wide') return OAuthError.invalidScope(reason);
  return verdict === 'wrong_target' ? new OAuthError('invalid_target', { reason }) : OAuthError.invalidGrant(reason);
}

const entryOf = ({ client, presented, asked, context }: Attempt): RotationEntry => ({
  handle: presented.handle,
  generation: presented.generation,
  clientId: client.clientId,
  scope: asked.scope ? formatScope(asked.scope) : null,
  resource: asked.resource ? asked.resource.join(' ') : null,
  correlationId: context.correlationId,
});
