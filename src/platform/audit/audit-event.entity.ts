import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { AuditEventName } from './audit-event.js';

@Entity('audit_events')
@Index('audit_events_family_id', ['familyId', 'id'])
@Index('audit_events_sid', ['sid', 'id'], { where: 'sid IS NOT NULL' })
@Index('audit_events_subject', ['subject', 'id'])
@Index('audit_events_at', { synchronize: false })
export class AuditEventEntity {
  /** A bigint, which the driver returns as text. */
  @PrimaryColumn('bigint', { generated: 'identity', generatedIdentity: 'ALWAYS' })
  id: string;

  @Column('timestamptz')
  at: Date;

  @Column('text')
  event: AuditEventName;

  @Column('text', { nullable: true })
  reason: string | null;

  @Column('text', { name: 'client_id', nullable: true })
  clientId: string | null;

  @Column('text', { nullable: true })
  subject: string | null;

  @Column('uuid', { name: 'family_id', nullable: true })
  familyId: string | null;

  /** The login session. */
  @Column('uuid', { nullable: true })
  sid: string | null;

  @Index('audit_events_correlation_id')
  @Column('text', { name: 'correlation_id', nullable: true })
  correlationId: string | null;

  @Column('text', { nullable: true })
  actor: string | null;

  /** The address that the request came from. */
  @Column('text', { nullable: true })
  source: string | null;

  /** The user agent family of the request. */
  @Column('text', { nullable: true })
  agent: string | null;

  /** The generation of the family after the event. */
  @Column('integer', { nullable: true })
  generation: number | null;

  @Column('jsonb', { nullable: true })
  detail: Record<string, unknown> | null;
}
