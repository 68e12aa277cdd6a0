import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SigningAlgorithm } from '../keys/signing-algorithm.js';
import type { GrantType } from '../oauth/grant-type.js';
import type { ClientAuthMethod } from './client-auth-method.js';

/** A client and its policy in one row. Units are in the names. */
@Entity('clients')
export class ClientEntity {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId: string;

  @Column('text')
  name: string;

  @Column('text')
  type: 'confidential' | 'public';

  @Column('text', { name: 'token_endpoint_auth_method' })
  tokenEndpointAuthMethod: ClientAuthMethod;

  @Column('text', { name: 'grant_types', array: true })
  grantTypes: GrantType[];

  /** The most that any of its tokens may have. */
  @Column('text', { array: true })
  scopes: string[];

  /** The `aud` of its access tokens, and what it may introspect as a resource server. */
  @Column('text', { array: true })
  audience: string[];

  @Column('text', { name: 'access_token_format' })
  accessTokenFormat: 'jwt' | 'opaque';

  @Column('integer', { name: 'access_token_ttl_seconds' })
  accessTokenTtlSeconds: number;

  /** The longest that this client ever had: how long a revocation must be remembered for its access tokens. */
  @Column('integer', { name: 'longest_access_token_ttl_seconds' })
  longestAccessTokenTtlSeconds: number;

  @Column('text')
  rotation: 'always' | 'public_only' | 'never';

  @Column('integer', { name: 'retry_window_seconds' })
  retryWindowSeconds: number;

  @Column('integer', { name: 'idle_ttl_seconds' })
  idleTtlSeconds: number;

  @Column('integer', { name: 'absolute_ttl_seconds' })
  absoluteTtlSeconds: number;

  @Column('text', { name: 'reuse_response' })
  reuseResponse: 'revoke_family' | 'revoke_subject_client' | 'revoke_subject' | 'report_only';

  @Column('text', { name: 'scope_narrowing' })
  scopeNarrowing: 'request' | 'sticky';

  @Column('boolean', { name: 'may_introspect' })
  mayIntrospect: boolean;

  /** Where authorization responses may go, compared as they are (RFC 9700 §2.1). */
  @Column('text', { name: 'redirect_uris', array: true, default: [] })
  redirectUris: string[];

  /** Where the browser may go after a logout (OpenID Connect RP-Initiated Logout §2). */
  @Column('text', { name: 'post_logout_redirect_uris', array: true, default: [] })
  postLogoutRedirectUris: string[];

  /** Off for a confidential client alone (RFC 9700 §2.1.1). */
  @Column('boolean', { name: 'require_pkce', default: true })
  requirePkce: boolean;

  /** The deployment's own: its users are not asked for their consent. */
  @Column('boolean', { name: 'first_party', default: false })
  firstParty: boolean;

  @Column('text', { name: 'id_token_signed_response_alg', default: 'RS256' })
  idTokenSignedResponseAlg: SigningAlgorithm;

  /** OpenID Connect Back-Channel Logout §2.2. */
  @Column('text', { name: 'backchannel_logout_uri', nullable: true })
  backchannelLogoutUri: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt: Date | null;

  /** A deleted client keeps its row: its id stays in tokens and in the audit trail, and must never be given to another. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}
