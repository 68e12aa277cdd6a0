import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEvent, AuditOrigin } from '../platform/audit/audit-event.js';
import { transaction } from '../platform/database/transaction.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { issueTimeOf } from '../issuance/access-token.js';
import { SignOut } from '../sign-out/sign-out.service.js';
import type { RevocationKind } from '../revocation/revocation.js';
import { RevocationService, type RevocationResult } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import { Confirmations, grown } from './confirmations.service.js';
import { KnownNames } from './known-names.service.js';
import type { RevokeDto } from './revocation.dto.js';
import type { RevocationOutcome } from './revocation-representation.js';
import { normalized, valueProblem } from './revocation-value.js';

/** Previews revocations and makes them for an admin, with the audit event. */
@Injectable()
export class RevocationAdministration {
  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: RevocationService,
    private readonly signOut: SignOut,
    private readonly names: KnownNames,
    private readonly confirmations: Confirmations,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields; OAuthError not_found; errors of the database, and then nothing was revoked */
  async revoke(
    { kind, value: given = '', reason, dry_run, confirmation }: RevokeDto,
    admin: AuditOrigin,
  ): Promise<RevocationOutcome> {
    const problem = valueProblem(kind, given, this.clock.now());
    if (problem) throw new InvalidFields([{ field: 'value', detail: problem }]);
    const value = await this.named(kind, normalized(kind, given));
    if (dry_run) {
      const hits = await this.revocations.preview(kind, value);
      const confirmed = this.confirmations.write(kind, value, hits.families);
      return { kind, value, hits, done: undefined, confirmation: confirmed };
    }
    const shown = confirmation === undefined ? Infinity : this.confirmations.read(kind, value, confirmation);
    const done = await this.carryOut(kind, value, { reason, shown }, admin);
    return { kind, value, hits: done.hits, done };
  }

  /** @throws OAuthError not_found. Issued access tokens are not stored, so any `jti` is accepted. */
  private async named(kind: RevocationKind, value: string): Promise<string> {
    if (kind === 'subject') return this.names.subject(value);
    if (kind === 'client') await this.names.demandClient(value);
    if (kind === 'family') await this.names.demandFamily(value);
    return value;
  }

  private async carryOut(
    kind: RevocationKind,
    value: string,
    { reason, shown }: { readonly reason: string; readonly shown: number },
    admin: AuditOrigin,
  ): Promise<RevocationResult> {
    const now = this.clock.now();
    // Everything issued so far, including this millisecond.
    const notBefore = kind === 'token' ? issueTimeOf(value) + 1 : now + 1;
    const request = { kind, value, reason, actor: admin.actor, notBefore };
    return transaction(this.dataSource, async (manager) => {
      if (kind === 'subject') await this.signOut.endSessionsOf(value, 'revoked', admin, manager);
      if (kind === 'all') await this.signOut.endAllSessions(manager);
      const [result] = (await this.revocations.commit([request], manager)) as [RevocationResult];
      // In the transaction, so that no family can start between the comparison and the revocation.
      if (result.hits.families > shown) throw grown(shown, result.hits.families);
      await this.audit.append(manager, { ...eventOf(kind, value, result), reason, at: now, ...admin });
      return result;
    });
  }
}

/** The event has the subject, client or family that was revoked, so that a search for it finds the event. */
function eventOf(kind: RevocationKind, value: string, { id, hits }: RevocationResult): Omit<AuditEvent, 'at'> {
  const named = {
    subject: { subject: value },
    client: { clientId: value },
    family: { familyId: value },
    token: {},
    all: {},
  };
  const detail = {
    revocation_id: id,
    kind,
    ...(kind === 'token' && { jti: value }),
    families: hits.families,
    subjects: hits.subjects,
  };
  return { event: 'revocation.created', ...named[kind], detail };
}
