import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../platform/config/config.js';
import { toFamilyGrant, type FamilyGrant, type FamilyGrantRow } from '../families/family-grant.js';
import type { FamilySnapshot } from './rotation.js';
import { rotationSql, SNAPSHOT_SQL } from './rotation-sql.js';

export interface RotationEntry {
  readonly handle: string;
  /** The generation presented. */
  readonly generation: number;
  readonly clientId: string;
  /** As written in a request; null for "the same as before". */
  readonly scope: string | null;
  /** Separated by spaces; null for all that was granted. */
  readonly resource: string | null;
  readonly correlationId: string;
}

export interface RotatedFamily {
  readonly handle: string;
  readonly sid: string;
  readonly subject: string;
  /** The new one; the same as before where the client's tokens do not rotate. */
  readonly generation: number;
  readonly rotates: boolean;
  readonly scope: readonly string[];
  readonly clientScopes: readonly string[];
  readonly clientAudience: readonly string[];
  /** Milliseconds since the epoch, as all times here. */
  readonly absoluteExpiresAt: number;
  readonly rotatedAt: number;
  readonly grant: FamilyGrant;
}

interface RotatedRow extends FamilyGrantRow {
  id: string;
  sid: string;
  subject: string;
  generation: number;
  rotates: boolean;
  scope: string;
  client_scopes: string;
  client_audience: string[];
  absolute_expires_at: number;
  at: number;
}

interface SnapshotRow extends FamilyGrantRow {
  id: string;
  sid: string;
  client_id: string;
  subject: string;
  scope: string[];
  generation: number;
  rotated_at: Date[];
  idle_expires_at: Date;
  absolute_expires_at: Date;
  revoked_reason: string | null;
  subject_disabled: boolean;
  client_disabled: boolean;
  client_scopes: string[];
  client_audience: string[];
  retry_window_seconds: number;
}

const words = (text: string): string[] => (text === '' ? [] : text.split(' '));

/** The SQL of `token_families` that a refresh needs. */
@Injectable()
export class TokenFamilyRepository {
  private readonly batchSql: string;
  private readonly waitingSql: string;

  constructor(
    private readonly dataSource: DataSource,
    config: Config,
  ) {
    this.batchSql = rotationSql({ audit: config.audit, skipLocked: true });
    this.waitingSql = rotationSql({ audit: config.audit, skipLocked: false });
  }

  /** @returns what was rotated, in the order of the entries; undefined for an entry that was not, or whose row is locked */
  rotate(entries: readonly RotationEntry[], now: number): Promise<(RotatedFamily | undefined)[]> {
    return this.runRotation('rotate', this.batchSql, entries, now);
  }

  /** The same for one entry, waiting for its row where it is locked. */
  async rotateAlone(entry: RotationEntry, now: number): Promise<RotatedFamily | undefined> {
    const [rotated] = await this.runRotation('rotate-alone', this.waitingSql, [entry], now);
    return rotated;
  }

  /** @returns the families in the order of the handles; undefined where there is none */
  async snapshots(handles: readonly string[]): Promise<(FamilySnapshot | undefined)[]> {
    const { rows } = await this.pool.query<SnapshotRow>({ name: 'snapshot', text: SNAPSHOT_SQL, values: [handles] });
    const byHandle = new Map(rows.map((row) => [row.id, toSnapshot(row)]));
    return handles.map((handle) => byHandle.get(handle));
  }

  private async runRotation(name: string, text: string, entries: readonly RotationEntry[], now: number) {
    const { rows } = await this.pool.query<RotatedRow>({
      name,
      text,
      values: [
        entries.map((entry) => entry.handle),
        entries.map((entry) => entry.generation),
        entries.map((entry) => entry.clientId),
        entries.map((entry) => entry.scope),
        entries.map((entry) => entry.resource),
        entries.map((entry) => entry.correlationId),
        new Date(now),
      ],
    });
    const byHandle = new Map(rows.map((row) => [row.id, row]));
    return entries.map(({ handle }) => {
      const row = byHandle.get(handle);
      return row && toRotated(row);
    });
  }

  /** The driver's own pool, because TypeORM's `query` never prepares its statements. */
  private get pool(): Pool {
    return (this.dataSource.driver as PostgresDriver).master as Pool;
  }
}

const toRotated = (row: RotatedRow): RotatedFamily => ({
  handle: row.id,
  sid: row.sid,
  subject: row.subject,
  generation: row.generation,
  rotates: row.rotates,
  scope: words(row.scope),
  clientScopes: words(row.client_scopes),
  clientAudience: row.client_audience,
  absoluteExpiresAt: row.absolute_expires_at,
  rotatedAt: row.at,
  grant: toFamilyGrant(row),
});

const toSnapshot = (row: SnapshotRow): FamilySnapshot => ({
  handle: row.id,
  sid: row.sid,
  clientId: row.client_id,
  subject: row.subject,
  scope: row.scope,
  generation: row.generation,
  rotatedAt: row.rotated_at.map(Number),
  idleExpiresAt: row.idle_expires_at.getTime(),
  absoluteExpiresAt: row.absolute_expires_at.getTime(),
  revokedReason: row.revoked_reason,
  subjectDisabled: row.subject_disabled,
  clientDisabled: row.client_disabled,
  clientScopes: row.client_scopes,
  clientAudience: row.client_audience,
  retryWindowMs: row.retry_window_seconds * 1000,
  grant: toFamilyGrant(row),
});
