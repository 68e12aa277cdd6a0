import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { UserEntity } from './user.entity.js';

/** A user of the upstream OpenID provider, identified by issuer and subject only (OpenID Connect Core §5.7). */
@Entity('linked_accounts')
export class LinkedAccountEntity {
  @PrimaryColumn('text')
  issuer: string;

  @PrimaryColumn('text', { name: 'external_subject' })
  externalSubject: string;

  @Index('linked_accounts_subject')
  @Column('text')
  subject: string;

  @ManyToOne(() => UserEntity)
  @JoinColumn({ name: 'subject', foreignKeyConstraintName: 'linked_accounts_subject_fkey' })
  user?: UserEntity;

  @Column('timestamptz', { name: 'linked_at' })
  linkedAt: Date;
}
