import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { Consent } from './consent.js';
import { ConsentEntity } from './consent.entity.js';

/** `consents`. */
@Injectable()
export class ConsentRepository {
  constructor(@InjectRepository(ConsentEntity) private readonly consents: Repository<ConsentEntity>) {}

  async find(subject: string, clientId: string): Promise<ConsentEntity | undefined> {
    return (await this.consents.findOneBy({ subject, clientId })) ?? undefined;
  }

  /** Locks the consent, so that it cannot be withdrawn until the transaction ends. */
  async hold(subject: string, clientId: string, manager: EntityManager): Promise<Consent | undefined> {
    const held = await manager
      .withRepository(this.consents)
      .findOne({ where: { subject, clientId }, lock: { mode: 'pessimistic_read' } });
    return held ?? undefined;
  }

  list(subject: string): Promise<ConsentEntity[]> {
    return this.consents.find({ where: { subject }, order: { updatedAt: 'DESC' } });
  }

  async add(
    { subject, clientId, scope, claims }: Pick<ConsentEntity, 'subject' | 'clientId'> & Consent,
    now: Date,
    manager: EntityManager,
  ): Promise<void> {
    // SQL, because TypeORM's upsert replaces: two concurrent consents must both count.
    await manager.query(
      `INSERT INTO consents (subject, client_id, scope, claims, granted_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
       ON CONFLICT (subject, client_id) DO UPDATE SET updated_at = $5,
         scope = consents.scope || ARRAY(SELECT unnest($3::text[]) EXCEPT SELECT unnest(consents.scope)),
         claims = consents.claims || ARRAY(SELECT unnest($4::text[]) EXCEPT SELECT unnest(consents.claims))`,
      [subject, clientId, scope, claims, now],
    );
  }

  async delete(subject: string, clientId: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.withRepository(this.consents).delete({ subject, clientId });
    return affected === 1;
  }

  async deleteAll(subject: string, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.consents).delete({ subject });
  }
}
