import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { AuditService } from '../../platform/audit/audit.service.js';
import { Consents } from '../../consent/consents.service.js';
import { transaction } from '../../platform/database/transaction.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { FamiliesService } from '../../families/families.service.js';
import type { FamilySelection } from '../../families/family-selection.js';
import { RevocationService } from '../../revocation/revocation.service.js';
import { Clock } from '../../platform/time/clock.js';
import { endedWith } from './account-access.js';
import type { AuditOrigin } from '../../platform/audit/audit-event.js';

const REASON = 'account_page';

/** Ends a client's access when its user says so. Another user's access is treated as if it did not exist. */
@Injectable()
export class AccountAccess {
  constructor(
    private readonly dataSource: DataSource,
    private readonly families: FamiliesService,
    private readonly consents: Consents,
    private readonly revocations: RevocationService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @param familyId the id of one of the families of the access */
  async end(familyId: string, { subject }: LoginSession, origin: AuditOrigin): Promise<void> {
    if (!isUuid(familyId)) return;
    const [family] = await this.families.list({ familyId, subject }, undefined, { limit: 1 });
    if (!family) return;
    const selection = endedWith(subject, family);
    await transaction(this.dataSource, (manager) =>
      this.endFamilies(selection, { subject, clientId: family.clientId }, origin, manager),
    );
  }

  /** Withdraws the user's consent and revokes the families that came from it. */
  async withdraw(clientId: string, { subject }: LoginSession, origin: AuditOrigin): Promise<void> {
    if (clientId.includes('\0')) return; // PostgreSQL refuses such a text, so no client has such an id
    await this.consents.withdraw(subject, clientId, origin, (manager) =>
      this.endFamilies({ subject, clientId }, { subject, clientId }, origin, manager),
    );
  }

  private async endFamilies(
    selection: FamilySelection,
    about: { readonly subject: string; readonly clientId: string },
    origin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    const familyIds = await this.revocations.commitEach(selection, { reason: REASON, actor: origin.actor }, manager);
    const at = this.clock.now();
    await this.audit.append(
      manager,
      ...familyIds.map((familyId) => ({
        event: 'revocation.created' as const,
        reason: REASON,
        at,
        ...about,
        familyId,
        ...origin,
        detail: { kind: 'family' },
      })),
    );
  }
}
