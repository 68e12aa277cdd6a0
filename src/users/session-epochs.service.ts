import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { patiently } from '../platform/database/patient-statement.js';
import type { ProvenUser } from './proven-user.js';

/**
 * Counts how often all sessions of a user were ended. A sign-in that began before finds another epoch and starts no session.
 * The statements run in the transaction of the caller, which starts or ends the sessions.
 */
@Injectable()
export class SessionEpochs {
  /**
   * Locks the user against `advance` until the transaction ends.
   * @returns false if all sessions of the user were ended since the user had this epoch, or if the user was deleted
   */
  async hold({ subject, sessionEpoch }: ProvenUser, manager: EntityManager): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      'SELECT 1 FROM users WHERE subject = $1 AND session_epoch = $2 AND deleted_at IS NULL FOR SHARE',
      [subject, sessionEpoch],
    );
    return rows.length > 0;
  }

  async advance(subject: string, manager: EntityManager): Promise<void> {
    await manager.query('UPDATE users SET session_epoch = session_epoch + 1 WHERE subject = $1', [subject]);
  }

  async advanceAll(manager: EntityManager): Promise<void> {
    await patiently(manager, 'UPDATE users SET session_epoch = session_epoch + 1', []);
  }
}
