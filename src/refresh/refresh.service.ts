import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { AuditEventName } from '../audit/audit-event.js';
import type { Client } from '../clients/client.js';
import { Coalescer } from '../database/coalescer.js';
import type { RequestContext } from '../http/request-context.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { Metrics } from '../metrics/metrics.js';
import { formatScope, intersection } from '../oauth/scope.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Clock } from '../time/clock.js';
import { mintRefreshToken, parseRefreshToken, type RefreshTokenParts } from './refresh-token.js';
import { ReuseResponse } from './reuse-response.service.js';
import { judge, type FamilySnapshot, type Verdict } from './rotation.js';
import { RotationBatch, type Rotation } from './rotation-batch.js';
import { TokenFamilyStore, type RotatedFamily, type RotationEntry } from './token-family.store.js';

/** What a refresh comes to: the family as it is now, and its current refresh token. */
export interface Refreshed {
  readonly sid: string;
  readonly subject: string;
  /** What the new access token may have. */
  readonly scope: readonly string[];
  readonly generation: number;
  /** Whether this generation is one refresh and its retries; false where tokens do not rotate. */
  readonly rotates: boolean;
  /** When the family was written for this refresh (milliseconds since the epoch): a revocation that ended it since is later. */
  readonly usedAt: number;
  readonly absoluteExpiresAt: number;
  readonly refreshToken: string;
}

interface Attempt {
  readonly client: Client;
  readonly refreshToken: string;
  readonly presented: RefreshTokenParts;
  /** Undefined: the same as before. */
  readonly scope: readonly string[] | undefined;
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
    store: TokenFamilyStore,
    private readonly reuse: ReuseResponse,
    private readonly audit: AuditService,
    private readonly keys: KeyRing,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    this.snapshots = new Coalescer({ run: (handles) => store.snapshots(handles), maxEntries: 256, maxInFlight: 2 });
  }

  /**
   * @param scope undefined: the same as before
   * @throws OAuthError invalid_grant, invalid_scope; nothing is consumed then, and only a reuse revokes anything
   */
  async redeem(
    client: Client,
    refreshToken: string,
    scope: readonly string[] | undefined,
    context: RequestContext,
  ): Promise<Refreshed> {
    const presented = await this.parse(refreshToken);
    if (!presented) return this.refuse('malformed', { client, context });
    const attempt = { client, refreshToken, presented, scope, context };
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
    const { client, presented, scope, context } = attempt;
    const family = await this.snapshots.submit(presented.handle);
    const judged = judge(
      family,
      { generation: presented.generation, clientId: client.clientId, scope },
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

  private succeed(rotated: RotatedFamily, { scope }: Attempt): Refreshed {
    this.metrics.refreshes.inc({ verdict: rotated.rotates ? 'rotated' : 'renewed' });
    return this.refreshed(rotated, scope, rotated);
  }

  private async renewedBeside(rotated: RotatedFamily, attempt: Attempt): Promise<Refreshed> {
    await this.record('refresh.renewed', attempt, rotated);
    return this.succeed(rotated, attempt);
  }

  private async retry(family: FamilySnapshot, attempt: Attempt): Promise<Refreshed> {
    await this.record('refresh.retried', attempt, family);
    this.metrics.refreshes.inc({ verdict: 'retry' });
    return this.refreshed(family, attempt.scope, { rotates: true, rotatedAt: family.rotatedAt[0]! });
  }

  private record(
    event: AuditEventName,
    { client, context }: Attempt,
    { sid, subject }: { sid: string; subject: string },
  ) {
    const { correlationId } = context;
    return this.audit.record({ event, at: this.clock.now(), clientId: client.clientId, subject, sid, correlationId });
  }

  private refreshed(
    family: RotatedFamily | FamilySnapshot,
    asked: readonly string[] | undefined,
    { rotates, rotatedAt }: { rotates: boolean; rotatedAt: number },
  ): Refreshed {
    const { handle, sid, subject, generation, absoluteExpiresAt } = family;
    return {
      sid,
      subject,
      scope: asked ?? intersection(family.scope, family.clientScopes),
      generation,
      rotates,
      usedAt: rotatedAt,
      absoluteExpiresAt,
      refreshToken: mintRefreshToken({ handle, generation }, this.keys.mintingTokenKey()),
    };
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
      await this.audit.record({
        event: 'refresh.refused',
        reason,
        at: this.clock.now(),
        clientId: client.clientId,
        subject: family?.subject,
        sid: family?.sid,
        correlationId: context.correlationId,
      });
    }
    throw verdict === 'too_wide' ? OAuthError.invalidScope(reason) : OAuthError.invalidGrant(reason);
  }
}

const entryOf = ({ client, presented, scope, context }: Attempt): RotationEntry => ({
  handle: presented.handle,
  generation: presented.generation,
  clientId: client.clientId,
  scope: scope ? formatScope(scope) : null,
  correlationId: context.correlationId,
});
