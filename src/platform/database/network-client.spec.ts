import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import type { EntityManager } from 'typeorm';
import { migrateOverNetwork } from './migrate.js';
import { NetworkClient } from './network-client.js';
import { PATIENCE_MS, patiently } from './patient-statement.js';

/** A message of PostgreSQL's protocol: its type, the length of what follows, what follows (PostgreSQL manual, chapter 55). */
function message(type: string, body: Buffer | string): Buffer {
  const content = Buffer.from(body);
  const head = Buffer.alloc(5, type, 'latin1');
  head.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

const AUTHENTICATED = message('R', Buffer.alloc(4));
const READY = message('Z', 'I');
const ANSWER = message('C', 'SELECT 0\0');
const TERMINATED = message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');

let server: Server;
let pool: pg.Pool;
let connections = 0;

/** Answers one statement per connection, and closes it in the packet of the answer, like `pg_terminate_backend`. */
beforeAll(async () => {
  server = createServer((socket: Socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATED, READY]));
      socket.once('data', () => socket.end(Buffer.concat([ANSWER, READY, TERMINATED])));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  pool = new pg.Pool({ host: '127.0.0.1', port, user: 'rekey', database: 'rekey', max: 1, Client: NetworkClient });
  pool.on('error', () => undefined);
});
afterAll(async () => {
  await pool.end();
  server.close();
});

/** Like TypeORM. */
const borrowed = async () => {
  const client = await pool.connect();
  try {
    await client.query('SELECT 1');
    client.release();
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
};

it.each([
  ['pool.query', () => pool.query('SELECT 1')],
  ['a borrowed client', borrowed],
])(
  'a connection that ends in the packet of an answer fails statements, not the process (%s)',
  async (_, ask: () => Promise<unknown>) => {
    const before = connections;
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, ask));
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as Error);
    expect(outcomes[0]!.status).toBe('fulfilled');
    for (const failure of failures)
      expect(failure.message).toMatch(/terminating connection|Connection terminated|not queryable/);
    expect(connections - before).toBeGreaterThan(1);
  },
);

it('a connection that ends as it begins fails the migration, not the process', async () => {
  const closing = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, TERMINATED])));
  }).listen(0, '127.0.0.1');
  await once(closing, 'listening');
  const { port } = closing.address() as AddressInfo;
  const url = `postgres://rekey@127.0.0.1:${port}/rekey`;
  await expect(migrateOverNetwork({ type: 'postgres', url })).rejects.toThrow(
    /terminating connection|Connection terminated|not queryable/,
  );
  closing.close();
});

it('the longer time limit holds for what runs patiently, and ends with it or with its transaction', async () => {
  const query = jest.spyOn(pg.Client.prototype, 'query').mockImplementation(() => undefined);
  const client = new NetworkClient();
  const manager = { query: (text: string) => client.query(text) } as unknown as EntityManager;
  await client.query('before');
  await patiently(manager, () => client.query('patient'));
  await client.query('between');
  await patiently(manager, () => Promise.reject(new Error())).catch(() => client.query('ROLLBACK'));
  await client.query('after');
  const statements = query.mock.calls.map(([statement]) => statement as string | pg.QueryConfig);
  query.mockRestore();
  expect(statements).toContainEqual({ text: 'patient', values: undefined, query_timeout: PATIENCE_MS });
  expect(statements).toEqual(expect.arrayContaining(['before', 'between', 'after']));
});
