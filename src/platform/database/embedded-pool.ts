/**
 * The embedded database: PGlite, which is PostgreSQL in this process, behind the ordinary `pg` pool and client. One connection
 * with one borrower at a time, so that transactions cannot interleave.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';
import { inDataDirectory } from '../config/data-directory.js';
import { StartProblem } from '../config/start-problem.js';
import { DatabasePool } from './database-pool.js';

/** @returns a `Pool` class for TypeORM's `driver` option; ending the pool closes the database */
export function embeddedPool(database: PGlite): typeof pg.Pool {
  class EmbeddedClient extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, ...createPgConfig(database) });
    }

    /** Resets the session, because there is only one and a discarded client leaves its state behind. */
    override connect(): Promise<this>;
    override connect(callback: (error?: Error) => void): void;
    override connect(callback?: (error?: Error) => void): Promise<this> | void {
      const connected = this.begin();
      if (!callback) return connected;
      connected.then(() => callback(), callback);
    }

    private async begin(): Promise<this> {
      await super.connect();
      await this.query('ROLLBACK');
      await this.query('DISCARD ALL');
      return this;
    }
  }
  return class EmbeddedPool extends DatabasePool {
    constructor(config: pg.PoolConfig) {
      super({ ...config, max: 1, Client: EmbeddedClient } as unknown as pg.PoolConfig);
    }

    override end(): Promise<void>;
    override end(callback: () => void): void;
    override end(callback?: (error?: Error) => void): Promise<void> | void {
      const ended = super.end().then(() => database.close());
      if (!callback) return ended;
      ended.then(() => callback(), callback);
    }
  };
}

/** Opens the files under `dataDir`, for one process at a time. @throws StartProblem if another process uses them */
export async function openEmbedded(dataDir: string): Promise<PGlite> {
  const release = inDataDirectory(dataDir, () => {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return claim(join(dataDir, 'rekey.pid'));
  });
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
      throw new StartProblem(
        `The data directory is in use by process ${owner}. Stop that one, or choose another REKEY_DATA_DIR.`,
      );
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
