import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Consent } from './consent.js';
import { ConsentEntity } from './consent.entity.js';

/** The SQL of `consents`. */
@Injectable()
export class ConsentRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find(subject: string, clientId: string): Promise<ConsentEntity | undefined> {
    return (await this.dataSource.manager.findOneBy(ConsentEntity, { subject, clientId })) ?? undefined;
  }

  /** Locks the consent, so that it cannot be withdrawn until the transaction ends. */
  async hold(subject: string, clientId: string, manager: EntityManager): Promise<Consent | undefined> {
    const rows = await manager.query<Consent[]>(
      'SELECT scope, claims FROM consents WHERE subject = $1 AND client_id = $2 FOR SHARE',
      [subject, clientId],
    );
    return rows[0];
  }

  list(subject: string): Promise<ConsentEntity[]> {
    return this.dataSource.manager
      .createQueryBuilder(ConsentEntity, 'c')
      .where('c.subject = :subject', { subject })
      .orderBy('c.updatedAt', 'DESC')
      .getMany();
  }

  /** One statement, so that two concurrent consents both count. */
  async add(
    { subject, clientId, scope, claims }: Pick<ConsentEntity, 'subject' | 'clientId'> & Consent,
    now: Date,
    manager: EntityManager,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO consents (subject, client_id, scope, claims, granted_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
       ON CONFLICT (subject, client_id) DO UPDATE SET updated_at = $5,
         scope = consents.scope || ARRAY(SELECT unnest($3::text[]) EXCEPT SELECT unnest(consents.scope)),
         claims = consents.claims || ARRAY(SELECT unnest($4::text[]) EXCEPT SELECT unnest(consents.claims))`,
      [subject, clientId, scope, claims, now],
    );
  }

  async delete(subject: string, clientId: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.delete(ConsentEntity, { subject, clientId });
    return (affected ?? 0) > 0;
  }

  async deleteAll(subject: string, manager: EntityManager): Promise<void> {
    await manager.delete(ConsentEntity, { subject });
  }
}
