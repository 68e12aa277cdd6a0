import { afterAll, describe } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate } from '../../src/platform/database/migrate.js';
import { migrations } from '../../src/platform/database/migrations.js';
import { freshDatabase } from '../support/test-servers.js';
import { keyEntities, keyRingContract } from '../repositories/key-ring.contract.js';

describe('the keys, on PostgreSQL', () => {
  let release = async (): Promise<void> => undefined;
  keyRingContract(async () => {
    const database = await freshDatabase();
    release = () => database.release();
    const options = { type: 'postgres', url: database.url, poolSize: 10, migrations, entities: keyEntities } as const;
    const dataSource = await new DataSource(options).initialize();
    await migrate(dataSource);
    return dataSource;
  });
  afterAll(() => release());
});
