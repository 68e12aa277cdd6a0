/** The account as its user may see it: no secrets, and no data of other users. */
import type { LoginSession } from '../../sessions/login-session.js';
import type { Access } from './account-access.js';

export interface Account {
  readonly subject: string;
  readonly userName: string;
  readonly email: string | undefined;
  readonly sessions: readonly (LoginSession & { readonly isCurrent: boolean })[];
  readonly access: readonly (Access & { readonly clientName: string })[];
  readonly consents: readonly Consent[];
}

interface Consent {
  readonly clientId: string;
  readonly clientName: string;
  readonly scope: readonly string[];
  /** Claims beyond those of the scope. */
  readonly claims: readonly string[];
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
}
