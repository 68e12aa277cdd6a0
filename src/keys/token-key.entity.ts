import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A token key, sealed with the master key. `token-key-schedule.ts` explains its times. */
@Entity('token_keys')
export class TokenKeyEntity {
  /** 0 to 255: it is one byte of every token. */
  @PrimaryColumn('smallint')
  id: number;

  @Column('bytea', { name: 'encrypted_key' })
  encryptedKey: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** It mints from here until a newer one does. It verifies from its creation. */
  @Column('timestamptz', { name: 'active_from' })
  activeFrom: Date;
}
