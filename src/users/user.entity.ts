import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { StandardClaims } from '../oauth/standard-claims.js';

/** Somebody who signs in here. Whether a subject may be spoken for at all is in `subjects`. */
@Entity('users')
export class UserEntity {
  /** The `sub`: never given to another, not even after the user is deleted. */
  @PrimaryColumn('text')
  subject: string;

  /** As the user writes it. */
  @Column('text')
  username: string;

  /** What is compared: see `username.ts`. */
  @Index('users_username_key', { unique: true, where: 'deleted_at IS NULL' })
  @Column('text', { name: 'username_key' })
  usernameKey: string;

  /** A PHC string, or a foreign format until the next sign-in; null for users of the upstream provider alone. */
  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash: string | null;

  @Column('timestamptz', { name: 'password_changed_at', nullable: true })
  passwordChangedAt: Date | null;

  @Column('jsonb')
  claims: StandardClaims;

  /** Where this user has signed in from, the last one first: see `sign-in-limits.service.ts`. */
  @Column('text', { name: 'known_sources', array: true, default: [] })
  knownSources: string[];

  /** How often all sessions of this user were ended: a sign-in that was on its way then comes too late. */
  @Column('integer', { name: 'session_epoch', default: 0 })
  sessionEpoch: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;

  /** A deleted user keeps the row and nothing else in it: the `sub` stays taken. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}
