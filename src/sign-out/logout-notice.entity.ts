import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ClientEntity } from '../clients/client.entity.js';

/** The outbox of back-channel logout: a client still to be notified that a login session ended. Deleted after delivery. */
@Entity('logout_notices')
export class LogoutNoticeEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text', { name: 'client_id' })
  clientId: string;

  @ManyToOne(() => ClientEntity)
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'logout_notices_client_id_fkey' })
  client?: ClientEntity;

  @Column('text')
  subject: string;

  @Column('uuid', { name: 'session_id' })
  sessionId: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('integer')
  attempts: number;

  @Index('logout_notices_next_attempt_at')
  @Column('timestamptz', { name: 'next_attempt_at' })
  nextAttemptAt: Date;

  /** When delivery is given up. */
  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;
}
