/** The account as its user may see it: no secrets, and no data of other users. */
import type { LoginSession } from '../../sessions/login-session.js';
import type { Access } from './account-access.js';

export interface Account {
  readonly subject: string;
  readonly userName: string;
  readonly email: string | undefined;
  /** Milliseconds since the epoch; undefined if the user has no password, null if it was not set here. */
  readonly passwordChangedAt: number | null | undefined;
  readonly sessions: readonly (LoginSession & { readonly isCurrent: boolean })[];
  readonly access: readonly (Access & { readonly clientName: string })[];
  readonly consents: readonly Consent[];
}

/** The forms are for the user of this session. */
export const accountBinding = ({ id }: LoginSession): string => `account ${id}`;

interface Consent {
  readonly clientId: string;
  readonly clientName: string;
  readonly scope: readonly string[];
  /** Claims beyond those of the scope. */
  readonly claims: readonly string[];
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
}
