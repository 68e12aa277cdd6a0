import { describe, expect, it } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import { afterCommit, transaction } from './transaction.js';

const deadlock = () => Object.assign(new Error('deadlock detected'), { code: '40P01' });

/** Stands in for TypeORM's: a manager for each attempt, and a commit at the end of those that do not throw. */
class Attempts {
  readonly happened: string[] = [];

  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await work({} as EntityManager);
    this.happened.push('commit');
    return result;
  }
}

const begin = () => {
  const attempts = new Attempts();
  return { attempts, dataSource: attempts as unknown as DataSource };
};

describe('afterCommit', () => {
  it('an effect runs after the commit and before the transaction returns', async () => {
    const { attempts, dataSource } = begin();
    await transaction(dataSource, async (manager) => {
      afterCommit(manager, async () => {
        await Promise.resolve();
        attempts.happened.push('effect');
      });
      await Promise.resolve();
      attempts.happened.push('work');
    });
    expect(attempts.happened).toEqual(['work', 'commit', 'effect']);
  });

  it('the effects of an attempt that was rolled back are dropped', async () => {
    const { attempts, dataSource } = begin();
    let tries = 0;
    await transaction(dataSource, async (manager) => {
      tries += 1;
      const attempt = tries;
      afterCommit(manager, () => void attempts.happened.push(`effect of attempt ${attempt}`));
      await Promise.resolve();
      if (attempt < 3) throw deadlock();
    });
    expect(attempts.happened).toEqual(['commit', 'effect of attempt 3']);
  });

  it('no effect runs when the transaction fails', async () => {
    const { attempts, dataSource } = begin();
    const failing = transaction(dataSource, (manager) => {
      afterCommit(manager, () => void attempts.happened.push('effect'));
      return Promise.reject(new Error('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(attempts.happened).toEqual([]);
  });

  it('a manager that no transaction() began is an error, because the effect would be lost', () => {
    expect(() => afterCommit({} as EntityManager, () => undefined)).toThrow('transaction()');
  });
});
