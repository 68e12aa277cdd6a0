import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ClientEntity } from '../clients/client.entity.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';

/**
 * One authorization of a client by a subject. A refresh token consists of this row's id and a generation; nothing is stored per
 * token. The columns that a rotation writes (generation, rotated_at, last_used_at, idle_expires_at, scope) are in no index.
 */
@Entity('token_families')
export class TokenFamilyEntity {
  /** The handle, which is secret because every refresh token of the family contains it. What everyone may see is `family_id`. */
  @PrimaryColumn('uuid')
  id: string;

  @Index('token_families_family_id', { unique: true })
  @Column('uuid', { name: 'family_id' })
  familyId: string;

  @Index('token_families_client_id')
  @Column('text', { name: 'client_id' })
  clientId: string;

  @ManyToOne(() => ClientEntity)
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'token_families_client_id_fkey' })
  client?: ClientEntity;

  @Index('token_families_subject')
  @Column('text')
  subject: string;

  @Column('text', { array: true })
  scope: string[];

  @Column('integer')
  generation: number;

  /** Times of the last eight rotations, newest first: element i is when generation − i was issued. */
  @Column('timestamptz', { name: 'rotated_at', array: true })
  rotatedAt: Date[];

  /** Whether generation 0 is an authorization code, which redeeming always supersedes, or a refresh token. */
  @Column('boolean', { name: 'from_authorization_code', default: false })
  fromAuthorizationCode: boolean;

  /** Whether it outlives the login session and has refresh tokens, because the user consented to `offline_access`. */
  @Column('boolean', { default: true })
  offline: boolean;

  /** The login session that it belongs to. */
  @Index('token_families_session_id', { where: 'session_id IS NOT NULL' })
  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId: string | null;

  /** When and how the user authenticated (OpenID Connect Core §2). */
  @Column('timestamptz', { name: 'auth_time', nullable: true })
  authTime: Date | null;

  @Column('text', { nullable: true })
  acr: string | null;

  @Column('text', { array: true, nullable: true })
  amr: string[] | null;

  /** The granted resources (RFC 8707); empty: the client's whole audience. */
  @Column('text', { array: true, default: [] })
  resource: string[];

  /** The claims requested by name (OpenID Connect Core §5.5). */
  @Column('jsonb', { nullable: true })
  claims: RequestedClaims | null;

  /** The digest of the refresh token of another server that stands for generation 0: see `imported-token.ts`. */
  @Index('token_families_imported_token_digest', { unique: true, where: 'imported_token_digest IS NOT NULL' })
  @Column('bytea', { name: 'imported_token_digest', nullable: true, select: false })
  importedTokenDigest?: Buffer | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** The last time that an access token was issued for it. */
  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt: Date;

  @Column('timestamptz', { name: 'idle_expires_at' })
  idleExpiresAt: Date;

  @Column('timestamptz', { name: 'absolute_expires_at' })
  absoluteExpiresAt: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt: Date | null;

  @Column('text', { name: 'revoked_reason', nullable: true })
  revokedReason: string | null;
}
