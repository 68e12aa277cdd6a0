import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RevocationKind } from './revocation.js';

/** A durable revocation of access tokens. */
@Entity('revocations')
@Index('revocations_kind_value', ['kind', 'value'])
export class RevocationEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: RevocationKind;

  /** `jti`, `family_id`, `sub`, `client_id`, or empty for kind `all`. */
  @Column('text')
  value: string;

  /** Access tokens issued before this are revoked. */
  @Column('timestamptz', { name: 'not_before' })
  notBefore: Date;

  /** From here on every access token that it could hit has expired, and the tracker may forget it. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('text')
  reason: string;

  /** Who: `client:<client_id>`, `user:<subject>`, `reuse-detection`. */
  @Column('text')
  actor: string;

  /** By the database's clock; the tracker's copier selects by it. */
  @Index('revocations_created_at')
  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt: Date;
}
