import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { SealedRootKeyEntity } from './sealed-root-key.entity.js';

/** An arbitrary constant that nothing else in this database uses as an advisory lock. */
const ROOT_KEY_LOCK = 0x72656b72;

@Injectable()
export class RootKeyRepository {
  constructor(@InjectRepository(SealedRootKeyEntity) private readonly boxes: Repository<SealedRootKeyEntity>) {}

  list(manager: EntityManager = this.boxes.manager): Promise<SealedRootKeyEntity[]> {
    return manager.withRepository(this.boxes).find({ order: { createdAt: 'ASC', masterKeyId: 'ASC' } });
  }

  /** Runs `work` while no other replica does: a deployment has one root key, and always a master key that opens it. */
  exclusively<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.boxes.manager.transaction(async (manager) => {
      // SQL, because TypeORM has no advisory locks.
      await manager.query('SELECT pg_advisory_xact_lock($1)', [ROOT_KEY_LOCK]);
      return work(manager);
    });
  }

  async insert(box: SealedRootKeyEntity, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.boxes).insert(box);
  }

  async started(masterKeyId: string, at: Date, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.boxes).update({ masterKeyId }, { lastStartedAt: at });
  }

  /** @returns whether it was there */
  async delete(masterKeyId: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.withRepository(this.boxes).delete({ masterKeyId });
    return affected === 1;
  }
}
