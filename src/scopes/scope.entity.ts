import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Destination } from '../oauth/scope-definition.js';

/** A scope that this deployment has defined; those of `builtInScopes` have no row. */
@Entity('scopes')
export class ScopeEntity {
  @PrimaryColumn('text')
  name: string;

  /** On the consent page. */
  @Column('text', { name: 'text_en' })
  textEn: string;

  /** Null: the English one. */
  @Column('text', { name: 'text_zh_hant', nullable: true })
  textZhHant: string | null;

  @Column('text', { array: true })
  claims: string[];

  @Column('text', { name: 'released_into', array: true })
  into: Destination[];

  @Column('text', { nullable: true })
  audience: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
