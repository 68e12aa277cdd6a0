import { Injectable } from '@nestjs/common';
import { AuditService } from '../platform/audit/audit.service.js';
import type { Client } from '../clients/client.js';
import { auditedOf, type RequestContext } from '../platform/http/request-context.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { proves } from '../oauth/pkce.js';
import type { Authorization } from '../issuance/authorization.js';
import { FamilyAuthorizations } from '../refresh/family-authorizations.service.js';
import { Rotations, type Outcome } from '../refresh/rotations.service.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import { UsersService } from '../users/users.service.js';
import { openCode, type OpenedCode } from './authorization-code.js';

/** The parameters of a token request with a code (RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2). */
export interface PresentedCode {
  readonly code: string;
  readonly redirectUri: string | undefined;
  readonly codeVerifier: string | undefined;
  readonly resource: readonly string[] | undefined;
}

const ACTOR = 'reuse-detection';

/**
 * Redeems authorization codes, each once. A code that is replayed, or presented without proof that it was issued to the
 * caller, counts as stolen: its family is revoked, whether or not the code was redeemed (RFC 6749 §4.1.2, RFC 9700 §4.5).
 */
@Injectable()
export class CodeRedemption {
  /** By family handle, so that fifty replays of one code wait for a single revocation. */
  private readonly revocationsUnderWay = new Map<string, Promise<void>>();

  constructor(
    private readonly rotations: Rotations,
    private readonly authorizations: FamilyAuthorizations,
    private readonly users: UsersService,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  /** @throws OAuthError invalid_grant, invalid_request, invalid_target */
  async redeem(client: Client, presented: PresentedCode, context: RequestContext): Promise<Authorization> {
    const code = await this.keys.reading(({ tokenKey }) => openCode(presented.code, tokenKey));
    if (!code) return this.refuse('malformed', client, context);
    if (code.clientId !== client.clientId) return this.refuse('client_mismatch', client, context);
    const flaw = flawOf(code, presented);
    if (flaw) return this.revokeAndRefuse(code, flaw, client, context);
    // Before the code is redeemed: a failing read afterwards would cost the client its code.
    const userClaims = code.claimsOf === undefined ? undefined : ((await this.users.claimsOf(code.claimsOf)) ?? {});
    // A code is generation 0 of its family: redeeming it is a rotation.
    const { resource } = presented;
    const { clientId } = client;
    const current = { handle: code.handle, generation: 0, clientId, scope: undefined, resource, ...auditedOf(context) };
    const outcome = await this.rotations.redeem(presented.code, current, context.arrivedAt);
    if (outcome.verdict !== 'rotated') {
      const refusal = refusalOf(outcome);
      return refusal === 'replayed'
        ? this.revokeAndRefuse(code, refusal, client, context)
        : this.refuse(refusal, client, context);
    }
    return {
      ...this.authorizations.of(client, outcome.family, outcome.family, { scope: undefined, resource }),
      ...(code.nonce !== undefined && { nonce: code.nonce }),
      ...(userClaims && { userClaims }),
    };
  }

  /** Revokes the family, then refuses. */
  private async revokeAndRefuse(
    code: OpenedCode,
    flaw: Flaw | 'replayed',
    client: Client,
    context: RequestContext,
  ): Promise<never> {
    const same = this.revocationsUnderWay.get(code.handle);
    if (same) {
      await same;
      await this.record(flaw, client, context);
    } else {
      const revocation = this.revokeFamily(code, flaw, client, context).finally(() =>
        this.revocationsUnderWay.delete(code.handle),
      );
      this.revocationsUnderWay.set(code.handle, revocation);
      await revocation;
    }
    // A verifier for a code issued without a challenge: the challenge may have been stripped (RFC 9700 §4.8.2).
    throw flaw === 'unasked_verifier' ? OAuthError.invalidRequest(flaw) : OAuthError.invalidGrant(flaw);
  }

  /** Idempotent, because two replicas may run it at once. */
  private async revokeFamily(
    code: OpenedCode,
    flaw: Flaw | 'replayed',
    client: Client,
    context: RequestContext,
  ): Promise<void> {
    const family = await this.rotations.find(code.handle);
    if (!family || family.revokedReason !== null) return this.record(flaw, client, context);
    await this.revocations.revoke([{ kind: 'family', value: family.familyId, reason: `code_${flaw}`, actor: ACTOR }], {
      event: flaw === 'replayed' ? 'code.replayed' : 'code.refused',
      reason: flaw,
      clientId: client.clientId,
      subject: family.subject,
      familyId: family.familyId,
      ...auditedOf(context),
      actor: ACTOR,
    });
  }

  private async refuse(reason: string, client: Client, context: RequestContext): Promise<never> {
    await this.record(reason, client, context);
    throw reason === 'wrong_target' ? new OAuthError('invalid_target', { reason }) : OAuthError.invalidGrant(reason);
  }

  private record(reason: string, { clientId, type }: Client, context: RequestContext): Promise<void> {
    const event = { event: 'code.refused', reason, at: this.clock.now(), clientId, ...auditedOf(context) } as const;
    return this.audit.recordRefusal(event, type === 'confidential');
  }
}

/** The family is beyond generation 0, so the code was used before. A code has no grace period. */
const REPLAYED: ReadonlySet<string> = new Set(['retry', 'stale', 'reuse']);

function refusalOf(outcome: Exclude<Outcome, { verdict: 'rotated' }>): string {
  if (REPLAYED.has(outcome.verdict)) return 'replayed';
  return outcome.verdict === 'ended' ? outcome.reason : outcome.verdict;
}

type Flaw = 'redirect_uri_mismatch' | 'missing_verifier' | 'wrong_verifier' | 'unasked_verifier';

/** Why the caller has not proved that the code was issued to it. */
function flawOf(code: OpenedCode, { redirectUri, codeVerifier }: PresentedCode): Flaw | undefined {
  if (!code.isFor(redirectUri)) return 'redirect_uri_mismatch';
  if (code.codeChallenge === undefined) return codeVerifier === undefined ? undefined : 'unasked_verifier';
  if (codeVerifier === undefined) return 'missing_verifier';
  return proves(codeVerifier, code.codeChallenge) ? undefined : 'wrong_verifier';
}
