import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SigningAlgorithm } from './signing-algorithm.js';

/** A signing key: sealed under the master key, with its public half inside the box. What its times mean is `signing-key-schedule.ts`. */
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

  /** From here on it signs, until a newer one does. It is published, and verifies, from its creation. */
  @Column('timestamptz', { name: 'active_from' })
  activeFrom: Date;

  /** Taken out of use ahead of its time because it leaked: it neither signs nor verifies nor is published. */
  @Column('timestamptz', { name: 'retired_at', nullable: true })
  retiredAt: Date | null;
}
