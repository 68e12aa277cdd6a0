/** The row of a new family, with only subject and scope of its grant. */
import { v7 as uuidv7 } from 'uuid';
import type { TokenFamilyEntity } from './token-family.entity.js';

/** Whole seconds, like `exp`, so that an access token from the last second is valid for the rest of it. */
export const wholeSecond = (time: number): number => Math.floor(time / 1000) * 1000;

export const newFamily = ({
  clientId,
  subject,
  scope,
  now,
  idleExpiresAt,
  absoluteExpiresAt,
}: {
  readonly clientId: string;
  readonly subject: string;
  readonly scope: readonly string[];
  readonly now: number;
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
}): TokenFamilyEntity => ({
  id: uuidv7(),
  familyId: uuidv7(),
  clientId,
  subject,
  scope: [...scope],
  generation: 0,
  rotatedAt: [],
  fromAuthorizationCode: false,
  offline: true,
  sessionId: null,
  authTime: null,
  acr: null,
  amr: null,
  resource: [],
  claims: null,
  createdAt: new Date(now),
  lastUsedAt: new Date(now),
  idleExpiresAt: new Date(idleExpiresAt),
  absoluteExpiresAt: new Date(absoluteExpiresAt),
  revokedAt: null,
  revokedReason: null,
});
