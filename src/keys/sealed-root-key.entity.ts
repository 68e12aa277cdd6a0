import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The root key, sealed under one master key. There is a row for each master key that opens this database. */
@Entity('sealed_root_keys')
export class SealedRootKeyEntity {
  /** A digest of the master key, which does not reveal it. */
  @PrimaryColumn('text', { name: 'master_key_id' })
  masterKeyId: string;

  @Column('bytea')
  box: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** When a process last started with this master key as its `REKEY_SECRET`. */
  @Column('timestamptz', { name: 'last_started_at' })
  lastStartedAt: Date;
}
