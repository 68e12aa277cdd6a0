import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** How many refreshes of a client had this outcome in this minute. */
@Entity('client_health')
export class ClientHealthEntity {
  @PrimaryColumn('text', { name: 'client_id' })
  clientId: string;

  @Index('client_health_minute')
  @PrimaryColumn('timestamptz')
  minute: Date;

  /** As in the audit log: `rotated`, `renewed`, `retry`, or the reason of the refusal. */
  @PrimaryColumn('text')
  outcome: string;

  /** The upper bound of the delay between supersession and replay; −1 where there is none. */
  @PrimaryColumn('integer', { name: 'delay_seconds' })
  delaySeconds: number;

  /** A bigint, which the driver returns as text. */
  @Column('bigint')
  count: string;
}
