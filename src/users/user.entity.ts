import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { AdminRole } from '../oauth/scope.js';
import type { StandardClaims } from '../oauth/standard-claims.js';
import type { Attributes } from './user-attributes.js';

/** A user who signs in here. Whether the subject is disabled is in `subjects`. */
@Entity('users')
@Index('users_username_search', { synchronize: false })
@Index('users_subject_search', { synchronize: false })
export class UserEntity {
  /** The `sub`: never reused, not even after the user is deleted. */
  @PrimaryColumn('text')
  subject: string;

  /** As the user wrote it. */
  @Column('text')
  username: string;

  /** The key for comparison: see `username.ts`. */
  @Index('users_username_key', { unique: true, where: 'deleted_at IS NULL' })
  @Column('text', { name: 'username_key' })
  usernameKey: string;

  /** A PHC string, or an imported format until the next sign-in; null for users who sign in only through the upstream provider. */
  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash: string | null;

  @Column('timestamptz', { name: 'password_changed_at', nullable: true })
  passwordChangedAt: Date | null;

  @Column('jsonb')
  claims: StandardClaims;

  @Column('text', { array: true, default: [] })
  groups: string[];

  /** Other claims, by name. */
  @Column('jsonb', { default: {} })
  attributes: Attributes;

  /** The sources from which this user has signed in, latest first: see `sign-in-limits.service.ts`. */
  @Column('text', { name: 'known_sources', array: true, default: [] })
  knownSources: string[];

  /** How often all sessions of this user were ended; a sign-in that was under way then is refused. */
  @Column('integer', { name: 'session_epoch', default: 0 })
  sessionEpoch: number;

  /** What the user may do in the admin API. */
  @Column('text', { name: 'admin_roles', array: true, default: [] })
  adminRoles: AdminRole[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;

  /** The row of a deleted user is wiped but stays, so that the `sub` stays taken. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}
