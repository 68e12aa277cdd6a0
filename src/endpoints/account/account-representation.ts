/** The account as JSON. */
import { formatScope } from '../../oauth/scope.js';
import type { Account } from './account.js';

/** @param formToken required by every form that changes something */
export const showAccount = ({ subject, userName, email, sessions, access, consents }: Account, formToken: string) => ({
  subject,
  username: userName,
  ...(email !== undefined && { email }),
  sessions: sessions.map((session) => ({
    session_id: session.id,
    current: session.isCurrent,
    source: session.source,
    user_agent: session.userAgent,
    created_at: instant(session.createdAt),
    last_used_at: instant(session.lastUsedAt),
    expires_at: instant(session.expiresAt),
  })),
  access: access.map((one) => ({
    family_id: one.familyId,
    client_id: one.clientId,
    client_name: one.clientName,
    scope: formatScope(one.scope),
    offline: one.offline,
    ...(one.sessionId !== null && { session_id: one.sessionId }),
    created_at: instant(one.createdAt),
    last_used_at: instant(one.lastUsedAt),
  })),
  consents: consents.map(({ clientId, clientName, scope, claims, grantedAt }) => ({
    client_id: clientId,
    client_name: clientName,
    scope: formatScope(scope),
    claims,
    granted_at: instant(grantedAt),
  })),
  form_token: formToken,
});

const instant = (time: number): string => new Date(time).toISOString();
