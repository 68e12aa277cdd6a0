import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { Repository } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../platform/config/config.js';
import { truncatedAddress } from '../platform/limits/source-key.js';
import { TokenFamilyEntity } from '../families/token-family.entity.js';
import { toTokenFamily, type TokenFamily, type TokenFamilyRow } from '../families/token-family.js';
import type { Presented } from './rotation.js';
import { FAMILIES_SQL, rotationSql } from './rotation-sql.js';

/** A family that this rotation wrote. */
export interface Rotated extends TokenFamily {
  /** Whether it has a new generation; false for a client whose tokens do not rotate. */
  readonly rotates: boolean;
  /** When it was written (milliseconds since the epoch); later revocations have a later time. */
  readonly at: number;
}

/** What a refresh needs of `token_families`. SQL, because the rotation of many families and their audit events is one statement. */
@Injectable()
export class TokenFamilyRepository {
  private readonly batchSql: string;
  private readonly waitingSql: string;
  private readonly truncates: boolean;

  constructor(
    @InjectRepository(TokenFamilyEntity) private readonly families: Repository<TokenFamilyEntity>,
    config: Config,
  ) {
    this.batchSql = rotationSql({ audit: config.audit, skipLocked: true });
    this.truncates = config.auditAddresses === 'truncated';
    this.waitingSql = rotationSql({ audit: config.audit, skipLocked: false });
  }

  /** @returns what was rotated, in the order of the entries; undefined for an entry that was not, or whose row is locked */
  rotate(entries: readonly Presented[], now: number): Promise<(Rotated | undefined)[]> {
    return this.runRotation('rotate', this.batchSql, entries, now);
  }

  /** Rotates one entry, and waits for its row if that is locked. */
  async rotateAlone(entry: Presented, now: number): Promise<Rotated | undefined> {
    const [rotated] = await this.runRotation('rotate-alone', this.waitingSql, [entry], now);
    return rotated;
  }

  /** @returns the families in the order of the handles; undefined for unknown ones */
  async find(handles: readonly string[]): Promise<(TokenFamily | undefined)[]> {
    const { rows } = await this.pool.query<TokenFamilyRow>({ name: 'families', text: FAMILIES_SQL, values: [handles] });
    const byHandle = new Map(rows.map((row) => [row.id, toTokenFamily(row)]));
    return handles.map((handle) => byHandle.get(handle));
  }

  private async runRotation(name: string, text: string, entries: readonly Presented[], now: number) {
    const { rows } = await this.pool.query<TokenFamilyRow & Pick<Rotated, 'rotates' | 'at'>>({
      name,
      text,
      values: [
        entries.map((entry) => entry.handle),
        entries.map((entry) => entry.generation),
        entries.map((entry) => entry.clientId),
        entries.map((entry) => entry.scope?.join(' ') ?? null),
        entries.map((entry) => entry.resource?.join(' ') ?? null),
        entries.map((entry) => entry.correlationId),
        new Date(now),
        entries.map(({ source }) => (source && this.truncates ? truncatedAddress(source) : source)),
        entries.map(({ agent }) => agent),
      ],
    });
    const byHandle = new Map(rows.map((row) => [row.id, row]));
    return entries.map(({ handle }) => {
      const row = byHandle.get(handle);
      return row && { ...toTokenFamily(row), rotates: row.rotates, at: row.at };
    });
  }

  /** The driver's own pool, because TypeORM's `query` never prepares its statements. */
  private get pool(): Pool {
    return (this.families.manager.dataSource.driver as PostgresDriver).master as Pool;
  }
}
