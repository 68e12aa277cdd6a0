import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SigningAlgorithm } from './signing-algorithm.js';

/** A signing key, sealed with the master key; the public key is inside the box. `signing-key-schedule.ts` explains its times. */
@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn('text')
  kid: string;

  @Column('text')
  algorithm: SigningAlgorithm;

  @Column('bytea', { name: 'encrypted_private_key' })
  encryptedPrivateKey: Buffer;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** It signs from here until a newer one does. It is published and verifies from its creation. */
  @Column('timestamptz', { name: 'active_from' })
  activeFrom: Date;

  /** Retired early because it leaked: it does not sign or verify, and is not published. */
  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt: Date | null;
}
