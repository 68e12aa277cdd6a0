import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Config } from '../config/config.js';
import { embeddedPool, openEmbedded } from './embedded-pool.js';

/** Opens the database of an embedded service in its data directory. */
@Injectable()
export class EmbeddedDatabase {
  constructor(private readonly config: Config) {}

  /** @throws StartProblem when another process has the files */
  async open(): Promise<typeof pg.Pool> {
    return embeddedPool(await openEmbedded(this.config.dataDir));
  }
}
