import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RevocationKind } from './revocation.js';

/** A durable statement that tokens are dead. */
@Entity('revocations')
@Index('revocations_kind_value', ['kind', 'value'])
export class RevocationEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: RevocationKind;

  /** `jti`, `sid`, `sub`, `client_id`, or empty for kind `all`. */
  @Column('text')
  value: string;

  /** Access tokens born before this are dead. */
  @Column('timestamptz', { name: 'not_before' })
  notBefore: Date;

  /** From here on no access token that it could hit is alive, and the tracker may forget it. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('text')
  reason: string;

  /** Who: `client:<client_id>`, `admin:<client_id>`, `reuse-detection`. */
  @Column('text')
  actor: string;

  /** By the database's clock: what the tracker's copying is ordered by. */
  @Index('revocations_created_at')
  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt: Date;
}
