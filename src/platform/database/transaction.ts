import type { DataSource, EntityManager } from 'typeorm';
import { retryTransient } from './retry-transient.js';

type Effect = () => void | Promise<void>;

const effectsOf = new WeakMap<EntityManager, Effect[]>();

/**
 * A transaction that is retried when it conflicts with another one, for example if both lock the same rows in different orders.
 * @param work must change only the database, because it may run several times; use `afterCommit` for everything else
 */
export async function transaction<T>(dataSource: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  const { result, effects } = await retryTransient(() =>
    dataSource.transaction(async (manager) => {
      const effects: Effect[] = [];
      effectsOf.set(manager, effects);
      return { result: await work(manager), effects };
    }),
  );
  await Promise.all(effects.map(async (effect) => effect()));
  return result;
}

/**
 * Runs `effect` once the transaction is committed and before `transaction` returns. An attempt that was rolled back takes its
 * effects with it.
 * @param effect must not reject: the transaction can no longer fail
 * @throws when `manager` is not that of a `transaction`, which would lose the effect
 */
export function afterCommit(manager: EntityManager, effect: Effect): void {
  const effects = effectsOf.get(manager);
  if (!effects) throw new Error('afterCommit needs the manager of a transaction()');
  effects.push(effect);
}
