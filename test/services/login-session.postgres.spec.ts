/** Login sessions on a real PostgreSQL, where statements run concurrently. */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrate } from '../../src/platform/database/migrate.js';
import { migrations } from '../../src/platform/database/migrations.js';
import { loginSessionContract, loginSessionEntities } from '../repositories/login-session.contract.js';
import { freshDatabase } from '../support/test-servers.js';

let url: string;
let release: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase();
  url = database.url;
  release = () => database.release();
});
afterAll(() => release());

/** As many connections as a test has concurrent requests. */
async function connect(): Promise<DataSource> {
  const options = { type: 'postgres', url, poolSize: 24, migrations, entities: loginSessionEntities } as const;
  const dataSource = await new DataSource(options).initialize();
  await migrate(dataSource);
  return dataSource;
}

describe('login sessions, on PostgreSQL', () => {
  loginSessionContract(connect);
});
