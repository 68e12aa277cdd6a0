import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { ClientEntity } from '../clients/client.entity.js';

/** A user's consent for one client. */
@Entity('consents')
export class ConsentEntity {
  @PrimaryColumn('text')
  subject: string;

  @PrimaryColumn('text', { name: 'client_id' })
  clientId: string;

  @ManyToOne(() => ClientEntity)
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'consents_client_id_fkey' })
  client?: ClientEntity;

  @Column('text', { array: true })
  scope: string[];

  /** Claims requested by name (OpenID Connect Core §5.5), beyond those of the scope. */
  @Column('text', { array: true })
  claims: string[];

  @Column('timestamptz', { name: 'granted_at' })
  grantedAt: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt: Date;
}
