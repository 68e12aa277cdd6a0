/**
 * The embedded database: PGlite, which is PostgreSQL in this process, behind the ordinary `pg` pool and client. One
 * connection, handed out to one borrower at a time, so that transactions cannot interleave.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';

/** @returns a `Pool` class for TypeORM's `driver` option; ending the pool closes the database */
export function embeddedPool(database: PGlite): typeof pg.Pool {
  class EmbeddedClient extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, ...createPgConfig(database) } as pg.ClientConfig);
    }
  }
  return class EmbeddedPool extends pg.Pool {
    constructor(config: pg.PoolConfig) {
      super({ ...config, max: 1, Client: EmbeddedClient } as pg.PoolConfig);
      // A client that the pool discarded leaves its session behind: there is only one.
      this.on('connect', (client) => {
        client.query('ROLLBACK').catch(() => undefined);
        client.query('DISCARD ALL').catch(() => undefined);
      });
    }

    override async end(): Promise<void> {
      await super.end();
      await database.close();
    }
  } as unknown as typeof pg.Pool;
}

/** Opens the files under `dataDir`, which belong to one process at a time. @throws Error when another process has them */
export async function openEmbedded(dataDir: string): Promise<PGlite> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const release = claim(join(dataDir, 'rekey.pid'));
  const database = new PGlite(join(dataDir, 'pg'));
  await database.waitReady;
  const close = database.close.bind(database);
  database.close = async () => {
    await close();
    release();
  };
  return database;
}

function claim(file: string): () => void {
  if (existsSync(file)) {
    const owner = Number(readFileSync(file, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) {
      throw new Error(`The data directory is in use by process ${owner}. Stop that one, or choose another REKEY_DATA_DIR.`);
    }
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
