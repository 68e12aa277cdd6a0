/**
 * Every migration, in order. They are additive: version N−1 of the service runs against schema N. Two are not, because they were
 * made before 1.0: `family-id` and `from-authorization-code` rename columns.
 */
import { Initial1763800000000 } from './migrations/1763800000000-initial.js';
import { SignIn1763900000000 } from './migrations/1763900000000-sign-in.js';
import { SessionEpoch1764000000000 } from './migrations/1764000000000-session-epoch.js';
import { ClientDefaults1764110000000 } from './migrations/1764110000000-client-defaults.js';
import { UnknownScopes1764120000000 } from './migrations/1764120000000-unknown-scopes.js';
import { StrictClients1764130000000 } from './migrations/1764130000000-strict-clients.js';
import { TokenContents1764140000000 } from './migrations/1764140000000-token-contents.js';
import { UserSearch1764160000000 } from './migrations/1764160000000-user-search.js';
import { MovingIn1764170000000 } from './migrations/1764170000000-moving-in.js';
import { FamilyId1764180000000 } from './migrations/1764180000000-family-id.js';
import { AllowedOrigins1764190000000 } from './migrations/1764190000000-allowed-origins.js';
import { FromAuthorizationCode1764200000000 } from './migrations/1764200000000-from-authorization-code.js';
import { Groups1764220000000 } from './migrations/1764220000000-groups.js';
import { ClientClaims1764220000001 } from './migrations/1764220000001-client-claims.js';
import { Scopes1764220000002 } from './migrations/1764220000002-scopes.js';
import { ClaimNames1764220000003 } from './migrations/1764220000003-claim-names.js';
import { Mails1764230000000 } from './migrations/1764230000000-mails.js';
import { AuditOrigin1764240000000 } from './migrations/1764240000000-audit-origin.js';
import { ClientHealth1764241000000 } from './migrations/1764241000000-client-health.js';
import { AdminRoles1764250000000 } from './migrations/1764250000000-admin-roles.js';
import { RootKey1764280000000 } from './migrations/1764280000000-root-key.js';

export const migrations = [
  Initial1763800000000,
  SignIn1763900000000,
  SessionEpoch1764000000000,
  ClientDefaults1764110000000,
  UnknownScopes1764120000000,
  StrictClients1764130000000,
  TokenContents1764140000000,
  UserSearch1764160000000,
  MovingIn1764170000000,
  FamilyId1764180000000,
  AllowedOrigins1764190000000,
  FromAuthorizationCode1764200000000,
  Groups1764220000000,
  ClientClaims1764220000001,
  Scopes1764220000002,
  ClaimNames1764220000003,
  Mails1764230000000,
  AuditOrigin1764240000000,
  ClientHealth1764241000000,
  AdminRoles1764250000000,
  RootKey1764280000000,
];
