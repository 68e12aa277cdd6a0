import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One browser in which a user is signed in. The cookie is a separate secret, stored as a digest; the id is not secret. */
@Entity('login_sessions')
export class LoginSessionEntity {
  /** The `sid` of ID tokens and logout tokens. */
  @PrimaryColumn('uuid')
  id: string;

  /** SHA-256 of the cookie's value, which is replaced at each sign-in. */
  @Index('login_sessions_cookie_digest', { unique: true })
  @Column('bytea', { name: 'cookie_digest' })
  cookieDigest: Buffer;

  @Index('login_sessions_subject')
  @Column('text')
  subject: string;

  /** When the user last authenticated. */
  @Column('timestamptz', { name: 'auth_time' })
  authTime: Date;

  @Column('text')
  acr: string;

  @Column('text', { array: true })
  amr: string[];

  @Column('text')
  source: string;

  @Column('text', { name: 'user_agent' })
  userAgent: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt: Date | null;
}
