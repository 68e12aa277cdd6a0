import { Injectable } from '@nestjs/common';
import { ClientDirectory } from '../../clients/client-directory.service.js';
import { Consents } from '../../consent/consents.service.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { FamiliesService } from '../../families/families.service.js';
import { UsersService } from '../../users/users.service.js';
import { accessOf, type Access } from './account-access.js';
import type { Account } from './account.js';

/** Shows the newest of each kind; "Sign out everywhere" ends the others too. */
const MAX_FAMILIES = 500;

/** Collects the data that a user sees of their account. */
@Injectable()
export class AccountOverview {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: LoginSessions,
    private readonly families: FamiliesService,
    private readonly consents: Consents,
    private readonly clients: ClientDirectory,
  ) {}

  async of({ id, subject }: LoginSession): Promise<Account> {
    const user = await this.users.find(subject);
    const sessions = await this.sessions.list(subject);
    const access = [...(await this.access(subject, true)), ...(await this.access(subject, false))];
    const consents = await this.consents.list(subject);
    const names = await this.namesOf([...access, ...consents].map(({ clientId }) => clientId));
    return {
      subject,
      userName: user?.username ?? subject,
      email: user?.claims.email,
      passwordChangedAt: user?.passwordHash ? (user.passwordChangedAt?.getTime() ?? null) : undefined,
      sessions: sessions.map((session) => ({ ...session, isCurrent: session.id === id })),
      access: access.map((one) => ({ ...one, clientName: names.get(one.clientId) ?? one.clientId })),
      consents: consents.map(({ clientId, scope, claims, grantedAt }) => ({
        clientId,
        clientName: names.get(clientId) ?? clientId,
        scope,
        claims,
        grantedAt: grantedAt.getTime(),
      })),
    };
  }

  private async access(subject: string, offline: boolean): Promise<Access[]> {
    return accessOf(await this.families.list({ subject, offline }, 'active', { limit: MAX_FAMILIES }));
  }

  private async namesOf(clientIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const clients = await Promise.all([...new Set(clientIds)].map((clientId) => this.clients.find(clientId)));
    return new Map(clients.flatMap((client) => (client ? [[client.clientId, client.name]] : [])));
  }
}
