import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type EntityManager, type Repository } from 'typeorm';
import { ScopeEntity } from './scope.entity.js';

/** `scopes`. */
@Injectable()
export class ScopeRepository {
  constructor(@InjectRepository(ScopeEntity) private readonly scopes: Repository<ScopeEntity>) {}

  find(name: string): Promise<ScopeEntity | null> {
    return this.scopes.findOneBy({ name });
  }

  all(): Promise<ScopeEntity[]> {
    return this.scopes.find({ order: { name: 'ASC' } });
  }

  /** By name, ascending. @param after the name that the page starts after */
  list(limit: number, after?: string): Promise<ScopeEntity[]> {
    return this.scopes.find({
      ...(after !== undefined && { where: { name: MoreThan(after) } }),
      order: { name: 'ASC' },
      take: limit,
    });
  }

  count(manager: EntityManager): Promise<number> {
    return manager.withRepository(this.scopes).count();
  }

  /** Locks the scope until the transaction ends. */
  lock(name: string, manager: EntityManager): Promise<ScopeEntity | null> {
    return manager.withRepository(this.scopes).findOne({ where: { name }, lock: { mode: 'pessimistic_write' } });
  }

  /** @throws a unique violation if the scope is defined already */
  async insert(scope: ScopeEntity, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.scopes).insert(scope);
  }

  async update(name: string, changes: Partial<ScopeEntity>, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.scopes).update({ name }, changes);
  }

  async delete(name: string, manager: EntityManager): Promise<boolean> {
    const { affected } = await manager.withRepository(this.scopes).delete({ name });
    return affected === 1;
  }
}
