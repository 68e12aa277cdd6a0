import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type EntityManager, type Repository } from 'typeorm';
import { patiently } from '../platform/database/patient-statement.js';
import type { ProvenUser } from './proven-user.js';
import { UserEntity } from './user.entity.js';

/**
 * Counts how often all sessions of a user were ended. A sign-in that began before finds another epoch and starts no session.
 * The statements run in the transaction of the caller, which starts or ends the sessions.
 */
@Injectable()
export class SessionEpochs {
  constructor(@InjectRepository(UserEntity) private readonly users: Repository<UserEntity>) {}

  /**
   * Locks the user against `advance` until the transaction ends.
   * @returns false if all sessions of the user were ended since the user had this epoch, or if the user was deleted
   */
  async hold({ subject, sessionEpoch }: ProvenUser, manager: EntityManager): Promise<boolean> {
    const held = await manager.withRepository(this.users).findOne({
      select: { subject: true },
      where: { subject, sessionEpoch, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_read' },
    });
    return held !== null;
  }

  async advance(subject: string, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.users).increment({ subject }, 'sessionEpoch', 1);
  }

  async advanceAll(manager: EntityManager): Promise<void> {
    const users = manager.withRepository(this.users);
    await patiently(manager, () => users.updateAll({ sessionEpoch: () => 'session_epoch + 1' }));
  }
}
