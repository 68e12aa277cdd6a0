import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whether a subject is disabled. A subject without a row is enabled. */
@Entity('subjects')
export class SubjectEntity {
  @PrimaryColumn('text')
  subject: string;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt: Date | null;
}
