/** The rotation statement on a real PostgreSQL: the contract, and tests that need many connections. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrate } from '../../src/platform/database/migrate.js';
import { migrations } from '../../src/platform/database/migrations.js';
import type { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import {
  aFamily,
  entryOf,
  insertClient,
  insertFamilies,
  NOW,
  rotationContract,
  rotationEntities,
  storeOn,
} from '../repositories/rotation.contract.js';
import { eventually } from '../support/eventually.js';
import { freshDatabase } from '../support/test-servers.js';

let url: string;
let release: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase();
  url = database.url;
  release = () => database.release();
});
afterAll(() => release());

/** A replica's data source with its own connections. */
async function connect(poolSize = 10): Promise<DataSource> {
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    poolSize,
    migrations,
    entities: rotationEntities,
  }).initialize();
  await migrate(dataSource);
  return dataSource;
}

describe('rotation, on PostgreSQL', () => {
  rotationContract(() => connect());
});

describe('two connections', () => {
  let dataSources: [DataSource, DataSource];
  let a: TokenFamilyRepository;
  let b: TokenFamilyRepository;
  let clientId: string;

  beforeAll(async () => {
    dataSources = [await connect(), await connect()];
    [a, b] = [storeOn(dataSources[0]), storeOn(dataSources[1])];
    clientId = await insertClient(dataSources[0]);
  });
  afterAll(() => Promise.all(dataSources.map((dataSource) => dataSource.destroy())));

  const started = async (count: number) => {
    const families = Array.from({ length: count }, () => aFamily(clientId));
    await insertFamilies(dataSources[0], ...families);
    return families;
  };

  /** Locks the family's row, like a revocation in its transaction, until released. */
  async function hold(id: string): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM token_families WHERE id = $1 FOR UPDATE', [id]);
    return async () => {
      await holder.query('COMMIT');
      await holder.end();
    };
  }

  const waiters = async (): Promise<number> => {
    const [{ count }] = await dataSources[0].query<[{ count: number }]>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    );
    return count;
  };

  it('a locked row is skipped, and the other rows of the statement are rotated meanwhile', async () => {
    const families = await started(5);
    const letGo = await hold(families[2]!.id);
    const results = await a.rotate(
      families.map((family) => entryOf(family)),
      NOW,
    );
    await letGo();
    expect(results.map((rotated) => rotated?.generation)).toEqual([1, 1, undefined, 1, 1]);
  });

  it('a single locked row is waited for, and rotated as soon as it is free', async () => {
    const [family] = await started(1);
    const letGo = await hold(family!.id);
    let done = false;
    const waiting = a.rotateAlone(entryOf(family!), NOW).finally(() => (done = true));
    await eventually(async () => expect(await waiters()).toBe(1));
    expect(done).toBe(false);
    await letGo();
    expect(await waiting).toMatchObject({ generation: 1 });
  });

  it('a statement that waited for another rotation of the same token finds it used, and rotates nothing', async () => {
    const [family] = await started(1);
    const letGo = await hold(family!.id);
    const waiting = [a, b].map((store) => store.rotateAlone(entryOf(family!), NOW));
    await eventually(async () => expect(await waiters()).toBe(2));
    await letGo();
    const results = await Promise.all(waiting);
    expect(results.filter(Boolean)).toHaveLength(1);
    expect((await a.find([family!.id]))[0]).toMatchObject({ generation: 1 });
  });

  it('a statement that waited for a revocation finds the family revoked, and rotates nothing', async () => {
    const [family] = await started(1);
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(`UPDATE token_families SET revoked_at = now(), revoked_reason = 'test' WHERE id = $1`, [
      family!.id,
    ]);
    const waiting = a.rotateAlone(entryOf(family!), NOW);
    await eventually(async () => expect(await waiters()).toBe(1));
    await holder.query('COMMIT');
    await holder.end();
    expect(await waiting).toBeUndefined();
    expect((await a.find([family!.id]))[0]).toMatchObject({ generation: 0, revokedReason: 'test' });
  });

  it('two replicas that rotate the same families in opposite orders never deadlock, and each generation is used once', async () => {
    const families = await started(60);
    const generations = new Map(families.map(({ id }) => [id, 0]));
    const before = await deadlocks();
    for (let round = 0; round < 40; round++) {
      const entries = families.map((family) => entryOf(family, { generation: generations.get(family.id)! }));
      const alone = entries[round % 60]!;
      const [up, down, single, other] = await Promise.all([
        a.rotate(entries, NOW),
        b.rotate(entries.toReversed(), NOW),
        a.rotateAlone(alone, NOW),
        b.rotateAlone(alone, NOW),
      ]);
      const rotated = [...up, ...down, single, other].flatMap((family) => family ?? []);
      expect(new Set(rotated.map(({ handle }) => handle)).size).toBe(rotated.length);
      for (const { handle, generation } of rotated) generations.set(handle, generation);
    }
    const snapshots = await a.find(families.map(({ id }) => id));
    expect(snapshots.map((family) => family?.generation)).toEqual([...generations.values()]);
    expect(Math.min(...generations.values())).toBeGreaterThan(30);
    expect(await deadlocks()).toBe(before);
  });

  it('concurrent rotations and a revocation of all families do not deadlock, and revoked families stay revoked', async () => {
    const before = await deadlocks();
    for (let round = 0; round < 15; round++) {
      const of = await insertClient(dataSources[0]);
      const families = Array.from({ length: 40 }, () => aFamily(of));
      await insertFamilies(dataSources[0], ...families);
      const entries = families.map((family) => entryOf(family));
      const revoke = () =>
        dataSources[1].query('UPDATE token_families SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL', [
          of,
          new Date(NOW),
        ]);
      await Promise.all([
        a.rotate(entries, NOW),
        revoke(),
        ...entries.slice(0, 5).map((entry) => b.rotateAlone(entry, NOW)),
        b.rotate(entries.toReversed(), NOW),
      ]);
      const snapshots = await a.find(families.map(({ id }) => id));
      expect(snapshots.every((family) => family?.revokedReason !== null)).toBe(true);
      expect(
        (
          await a.rotate(
            snapshots.map((family, index) => ({ ...entries[index]!, generation: family!.generation })),
            NOW,
          )
        ).some(Boolean),
      ).toBe(false);
    }
    expect(await deadlocks()).toBe(before);
  });

  async function deadlocks(): Promise<number> {
    const [row] = await dataSources[0].query<[{ deadlocks: string }]>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(row.deadlocks);
  }
});

describe('[142] the disk space of rotations without auditing', () => {
  const FAMILIES = 300;
  let dataSource: DataSource;
  let store: TokenFamilyRepository;
  let clientId: string;

  beforeAll(async () => {
    dataSource = await connect(1); // the statistics of a single connection are available at once
    store = storeOn(dataSource, 'off');
    clientId = await insertClient(dataSource);
    await dataSource.query('VACUUM FULL token_families');
  });
  afterAll(() => dataSource.destroy());

  const vacuumedSize = async (): Promise<number> => {
    await dataSource.query('VACUUM token_families');
    const [row] = await dataSource.query<[{ size: string }]>(`SELECT pg_total_relation_size('token_families') AS size`);
    return Number(row.size);
  };

  const updates = async (): Promise<{ all: number; hot: number; inserts: number }> => {
    await dataSource.query('SELECT pg_stat_force_next_flush()');
    const [row] = await dataSource.query<[Record<'all' | 'hot' | 'inserts', string>]>(
      `SELECT n_tup_upd AS "all", n_tup_hot_upd AS hot, n_tup_ins AS inserts FROM pg_stat_user_tables WHERE relname = 'token_families'`,
    );
    return { all: Number(row.all), hot: Number(row.hot), inserts: Number(row.inserts) };
  };

  async function rotate(families: ReturnType<typeof aFamily>[], from: number, times: number): Promise<void> {
    for (let generation = from; generation < from + times; generation++) {
      for (let start = 0; start < families.length; start += 100) {
        const batch = families.slice(start, start + 100).map((family) => entryOf(family, { generation }));
        const results = await store.rotate(batch, NOW + generation);
        if (!results.every(Boolean)) throw new Error('A family was not rotated');
      }
    }
  }

  it('a hundred more rotations of each family add no disk space, and 99 of 100 updates touch no index', async () => {
    const families = Array.from({ length: FAMILIES }, () => aFamily(clientId));
    await insertFamilies(dataSource, ...families);
    const start = await updates();
    await rotate(families, 0, 100);
    const size = await vacuumedSize();
    await rotate(families, 100, 100);
    const end = await updates();
    expect(end.all - start.all).toBe(200 * FAMILIES);
    expect(end.inserts).toBe(start.inserts);
    expect((end.hot - start.hot) / (end.all - start.all)).toBeGreaterThanOrEqual(0.99);
    expect(await vacuumedSize()).toBeLessThanOrEqual(size);
  });

  it('a family of a thousand generations takes the space of a young one, and each refresh writes one row version', async () => {
    const [old, young] = [aFamily(clientId), aFamily(clientId)];
    await insertFamilies(dataSource, old, young);
    const start = await updates();
    await rotate([old], 0, 1000);
    const end = await updates();
    expect([end.all - start.all, end.inserts - start.inserts]).toEqual([1000, 0]);
    await rotate([young], 0, 8);
    const sizes = await dataSource.query<{ size: number }[]>(
      'SELECT pg_column_size(f.*) AS size FROM token_families f WHERE id = ANY($1)',
      [[old.id, young.id]],
    );
    expect(sizes[0]!.size).toBe(sizes[1]!.size);
  });
});
