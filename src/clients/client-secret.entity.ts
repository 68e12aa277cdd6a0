import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ClientEntity } from './client.entity.js';

/** One of a client's secrets: a keyed digest, never the secret. Several may be valid at once. */
@Entity('client_secrets')
export class ClientSecretEntity {
  @PrimaryColumn('uuid', { name: 'secret_id' })
  secretId: string;

  @Index('client_secrets_client_id')
  @Column('text', { name: 'client_id' })
  clientId: string;

  @ManyToOne(() => ClientEntity)
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'client_secrets_client_id_fkey' })
  client?: ClientEntity;

  @Column('bytea')
  digest: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** Written only for replicas of version 0.1, which read it. */
  @Column('timestamptz', { name: 'starts_at' })
  startsAt: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;

  /** Whether it was made elsewhere, so that it may be short. */
  @Column('boolean', { default: false })
  imported: boolean;

  /** The hash of that server, until the secret is presented for the first time. */
  @Column('text', { name: 'imported_hash', nullable: true })
  importedHash: string | null;
}
