import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What Rekey knows of a subject beyond the families: whether it may be spoken for at all. No row means: it may. */
@Entity('subjects')
export class SubjectEntity {
  @PrimaryColumn('text')
  subject: string;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt: Date | null;
}
