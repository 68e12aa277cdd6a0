import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { Repository } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../platform/config/config.js';
import { truncatedAddress } from '../platform/limits/source-key.js';
import { TokenFamilyEntity } from '../families/token-family.entity.js';
import type { TokenFamily } from '../families/token-family.js';
import type { Presented } from './rotation.js';
import { FAMILIES_SQL, rotationSql, type TokenFamilyRow } from './rotation-sql.js';

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

const toTokenFamily = (row: TokenFamilyRow): TokenFamily => ({
  handle: row.id,
  familyId: row.family_id,
  clientId: row.client_id,
  subject: row.subject,
  scope: words(row.scope),
  generation: row.generation,
  rotatedAt: row.rotated_at?.map(Number) ?? [],
  idleExpiresAt: row.idle_expires_at,
  absoluteExpiresAt: row.absolute_expires_at,
  revokedReason: row.revoked_reason,
  subjectDisabled: row.subject_disabled,
  clientDisabled: row.client_disabled,
  clientScopes: words(row.client_scopes),
  clientAudience: row.client_audience,
  retryWindowMs: row.retry_window_seconds * 1000,
  grant: {
    offline: row.offline,
    resource: row.resource,
    claims: row.claims ?? undefined,
    authentication:
      row.session_id === null || row.auth_time === null
        ? undefined
        : { sessionId: row.session_id, authTime: row.auth_time.getTime(), acr: row.acr ?? '', amr: row.amr ?? [] },
  },
});

const words = (text: string): string[] => (text === '' ? [] : text.split(' '));
