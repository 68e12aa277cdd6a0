import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { DatabasePool, isOfDatabase, ofDatabase } from './database-pool.js';

let pool: DatabasePool;

beforeAll(async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address() as AddressInfo;
  nobody.close();
  await once(nobody, 'close');
  pool = new DatabasePool({ host: '127.0.0.1', port });
});
afterAll(() => pool.end());

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const withCallback = () => new Promise((_, reject) => pool.connect((error) => reject(error!)));

it.each<[string, () => Promise<unknown>]>([
  ['a statement', () => pool.query('SELECT 1')],
  ['a connection', () => pool.connect()],
  ['a connection with a callback', withCallback],
])('an error of the pool is a database error: %s', async (_, work) => {
  const error = await failureOf(work());
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  expect(isOfDatabase(error)).toBe(true);
});

it.each<[string, unknown, boolean]>([
  [
    'an error of TypeORM is a database error',
    new QueryFailedError('SELECT 1', [], new Error('Connection terminated')),
    true,
  ],
  ['a marked error is a database error', ofDatabase(new Error('Connection terminated')), true],
  ['an error with the same code is not one', Object.assign(new Error('aborted'), { code: 'ECONNRESET' }), false],
  ['an error with the same message is not one', new Error('Connection terminated'), false],
  ['a value that is not an error is not one', 'ECONNRESET', false],
])('%s', (_, error, expected) => {
  expect(isOfDatabase(error)).toBe(expected);
});
