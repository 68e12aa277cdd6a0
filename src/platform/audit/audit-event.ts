/**
 * The events of the audit log. The event names what happened, its reason says why. No event contains a token, a secret or a
 * family's handle.
 */
export const auditEventNames = [
  'client.created',
  'client.updated',
  'client.deleted',
  'client.secret_added',
  'client.secret_removed',
  'client.authentication_failed',
  'authorization.refused',
  'family.started',
  'family.imported',
  'code.issued',
  'code.redeemed',
  'code.refused',
  'code.replayed',
  'scope.created',
  'scope.updated',
  'scope.deleted',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.password_changed',
  'user.admin_roles_changed',
  'user.password_reset_requested',
  'user.signed_in',
  'user.sign_in_refused',
  'user.linked',
  'session.ended',
  'consent.granted',
  'consent.withdrawn',
  'mail.sent',
  'mail.unsent',
  'logout.delivered',
  'logout.undelivered',
  'token.issued',
  'token.refused',
  'refresh.rotated',
  'refresh.renewed',
  'refresh.retried',
  'refresh.refused',
  'refresh.reused',
  'revocation.created',
  'revocation.refused',
  'subject.disabled',
  'subject.enabled',
  'key.rotated',
  'key.retired',
  'master_key.added',
  'master_key.retired',
] as const;

export type AuditEventName = (typeof auditEventNames)[number];

/** Who makes a change, and the correlation id of the request, for its audit events. */
export interface AuditOrigin {
  /** `user:<subject>`, `client:<client_id>`, `reuse-detection` or `system`. */
  readonly actor: string;
  readonly correlationId?: string | undefined;
  /** The address and the user agent family of the request. */
  readonly source?: string | undefined;
  readonly agent?: string | undefined;
}

export interface AuditEvent {
  readonly event: AuditEventName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly reason?: string | undefined;
  readonly clientId?: string | undefined;
  readonly subject?: string | undefined;
  readonly familyId?: string | undefined;
  /** The login session. */
  readonly sid?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Who did it, if not the client itself: an admin, `system`. */
  readonly actor?: string | undefined;
  /** The address of the request, as it came; `REKEY_AUDIT_ADDRESSES` decides how much of it is stored. */
  readonly source?: string | undefined;
  /** The user agent family of the request. */
  readonly agent?: string | undefined;
  /** The generation of the family after the event. */
  readonly generation?: number | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}
