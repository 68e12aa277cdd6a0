import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Language, MailKind } from '../pages/texts.js';

/**
 * A mail to a user, and the link in it. Until it is sent the row is an entry of the outbox; then it stays until the link has been
 * used or has expired. The secret of the link is not stored: it is derived from the id, see `mail-link.ts`.
 */
@Entity('mails')
export class MailEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'mails_pkey' })
  id: string;

  @Column('text')
  kind: MailKind;

  /** The user; null if there is none. */
  @Column('text', { nullable: true })
  subject: string | null;

  /** Null: nothing is sent. Such a row makes a request for an unknown address cost what one for a known address does. */
  @Column('text', { nullable: true })
  recipient: string | null;

  @Column('text')
  username: string;

  @Column('text')
  language: Language;

  /** The user's, when the mail was requested: a link for a new password is void after any change of the password. */
  @Column('timestamptz', { name: 'password_changed_at', nullable: true })
  passwordChangedAt: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('integer')
  attempts: number;

  /** Null once the mail is sent. */
  @Index('mails_next_attempt_at')
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true })
  nextAttemptAt: Date | null;

  /** The end of the link. Each attempt to send the mail moves it, so that a delayed mail has a link that works. */
  @Index('mails_expires_at')
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;
}
