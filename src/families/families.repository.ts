import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, IsNull, LessThan, Not, Or, type EntityManager, type Repository } from 'typeorm';
import { patiently } from '../platform/database/patient-statement.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';
import {
  selectionSql,
  type EndedFamily,
  type FamilyHits,
  type FamilySelection,
  type FamilyState,
} from './family-selection.js';
import { TokenFamilyEntity } from './token-family.entity.js';

/** One row per client, and one without a client for the total. */
interface HitsRow {
  client_id: string | null;
  families: number;
  subjects: number;
  last_used_at: Date | null;
  last_used_at_all: Date | null;
}

/** Live at time $1. */
const LIVE = 'idle_expires_at > $1 AND absolute_expires_at > $1';

/** SQL, because one statement must revoke a million families and return only their counts. */
const COUNT_HITS = `
  SELECT client_id, count(*) FILTER (WHERE live)::int AS families,
    count(DISTINCT subject) FILTER (WHERE live)::int AS subjects,
    max(last_used_at) FILTER (WHERE live) AS last_used_at, max(last_used_at) AS last_used_at_all
  FROM hit GROUP BY GROUPING SETS ((client_id), ()) ORDER BY families DESC, client_id`;

/** `token_families` except rotation: starting, listing, revoking, cleaning up. */
@Injectable()
export class FamiliesRepository {
  constructor(@InjectRepository(TokenFamilyEntity) private readonly families: Repository<TokenFamilyEntity>) {}

  async insert(family: TokenFamilyEntity, manager: EntityManager): Promise<void> {
    await manager.withRepository(this.families).insert(family);
  }

  /** @returns the ids of the stored families; those whose imported token is known are skipped */
  async insertImported(families: readonly TokenFamilyEntity[], manager: EntityManager): Promise<Set<string>> {
    if (families.length === 0) return new Set();
    // In one order, so that two imports of the same tokens do not deadlock.
    const rows = [...families].sort((a, b) => Buffer.compare(a.importedTokenDigest!, b.importedTokenDigest!));
    const inserted = await manager
      .withRepository(this.families)
      .createQueryBuilder()
      .insert()
      .values(rows)
      .orIgnore()
      .updateEntity(false)
      .returning('id')
      .execute();
    return new Set((inserted.raw as { id: string }[]).map(({ id }) => id));
  }

  /** @returns the handles of the families, in the order of the digests */
  async findImported(digests: readonly Buffer[]): Promise<(string | undefined)[]> {
    const families = await this.families.find({
      select: { id: true, importedTokenDigest: true },
      where: { importedTokenDigest: Any(digests) },
    });
    const handles = new Map(families.map(({ id, importedTokenDigest }) => [importedTokenDigest?.toString('hex'), id]));
    return digests.map((digest) => handles.get(digest.toString('hex')));
  }

  /**
   * Revokes the selected families that are not revoked yet, and locks their rows until the transaction ends.
   * @returns the live ones among them, and an upper bound for the issue time of their access tokens (milliseconds since the epoch)
   */
  async revoke(
    selection: FamilySelection,
    reason: string,
    now: number,
    manager: EntityManager,
  ): Promise<{ hits: FamilyHits; lastUsedAt: number }> {
    const parameters: unknown[] = [new Date(now), reason];
    const where = selectionSql(selection, parameters);
    const rows = await within(selection, manager, () =>
      manager.query<HitsRow[]>(
        `WITH hit AS (
           UPDATE token_families SET revoked_at = $1, revoked_reason = $2
           WHERE ${where} AND revoked_at IS NULL
           RETURNING client_id, subject, last_used_at, ${LIVE} AS live
         ) ${COUNT_HITS}`,
        parameters,
      ),
    );
    return { hits: toHits(rows), lastUsedAt: rows.find(isTotal)?.last_used_at_all?.getTime() ?? 0 };
  }

  /** @returns the last use of the selected families, revoked ones included (milliseconds since the epoch); 0 for none */
  async lastUse(selection: FamilySelection, manager: EntityManager): Promise<number> {
    const query = manager.withRepository(this.families).createQueryBuilder('f').select('max(f.lastUsedAt)', 'at');
    const row = await patiently(manager, () => query.where(criteriaOf(selection)).getRawOne<{ at: Date | null }>());
    return row?.at?.getTime() ?? 0;
  }

  /** Like `revoke`, but returns each family. @returns the families that this call revoked, live or expired */
  async revokeEach(
    selection: FamilySelection,
    reason: string,
    now: number,
    manager: EntityManager,
  ): Promise<EndedFamily[]> {
    const families = manager.withRepository(this.families);
    const ended = await within(selection, manager, () =>
      families.update(
        { ...criteriaOf(selection), revokedAt: IsNull() },
        { revokedAt: new Date(now), revokedReason: reason },
        { returning: ['familyId', 'lastUsedAt'] },
      ),
    );
    return (ended.raw as { family_id: string; last_used_at: Date }[]).map(({ family_id, last_used_at }) => ({
      familyId: family_id,
      lastUsedAt: last_used_at.getTime(),
    }));
  }

  /** The clients that have, or had, families from these login sessions; each pair once. */
  clientsOfSessions(
    sessionIds: readonly string[],
    manager: EntityManager,
  ): Promise<{ sessionId: string; clientId: string }[]> {
    return manager
      .withRepository(this.families)
      .createQueryBuilder('f')
      .select('f.sessionId', 'sessionId')
      .addSelect('f.clientId', 'clientId')
      .distinct()
      .where({ sessionId: Any(sessionIds) })
      .getRawMany();
  }

  /** The live families of a selection. */
  async count(selection: FamilySelection, now: number): Promise<FamilyHits> {
    const parameters: unknown[] = [new Date(now)];
    const where = selectionSql(selection, parameters);
    const rows = await this.families.manager.transaction((manager) =>
      patiently(manager, () =>
        manager.query<HitsRow[]>(
          `WITH hit AS (
             SELECT client_id, subject, last_used_at, true AS live FROM token_families
             WHERE ${where} AND revoked_at IS NULL AND ${LIVE}
           ) ${COUNT_HITS}`,
          parameters,
        ),
      ),
    );
    return toHits(rows);
  }

  /** @returns undefined if none were requested, or there is no such family */
  async requestedClaims(familyId: string): Promise<RequestedClaims | undefined> {
    const family = await this.families.findOne({ select: { id: true, claims: true }, where: { familyId } });
    return family?.claims ?? undefined;
  }

  /** Newest first. @param before the family_id that the page starts after */
  list(
    selection: FamilySelection,
    state: FamilyState | undefined,
    now: number,
    page: { limit: number; before?: string | undefined },
  ): Promise<TokenFamilyEntity[]> {
    const query = this.families
      .createQueryBuilder('f')
      .where(criteriaOf(selection))
      .orderBy('f.familyId', 'DESC')
      .limit(page.limit);
    if (page.before !== undefined) query.andWhere({ familyId: LessThan(page.before) });
    if (state) query.andWhere(stateSql[state], { now: new Date(now) });
    return query.getMany();
  }

  /**
   * Deletes families that expired or were revoked before `before`, among the next `limit` in key order after `after`. Locked rows
   * are left for the next round, so that two replicas can clean up at once.
   * @returns where the next step continues; undefined at the end of the table
   */
  async deleteEnded(
    before: Date,
    after: string,
    limit: number,
  ): Promise<{ deleted: number; last: string | undefined }> {
    // SQL for SKIP LOCKED, so that two replicas can clean up at once.
    const [row] = await this.families.query<[{ deleted: number; last: string | null }]>(
      `WITH step AS (
         SELECT id, LEAST(idle_expires_at, absolute_expires_at, coalesce(revoked_at, 'infinity')) AS over_at
         FROM token_families WHERE id > $2 ORDER BY id LIMIT $3
       ), ended AS (
         SELECT id FROM token_families JOIN step USING (id) WHERE over_at < $1 ORDER BY id FOR UPDATE OF token_families SKIP LOCKED
       ), deleted AS (
         DELETE FROM token_families USING ended WHERE token_families.id = ended.id RETURNING 1
       ) SELECT (SELECT count(*)::int FROM deleted) AS deleted, (SELECT id FROM step ORDER BY id DESC LIMIT 1) AS last`,
      [before, after, limit],
    );
    return { deleted: row.deleted, last: row.last ?? undefined };
  }
}

/** One family, or those of one login session, are few rows: then a wait is for a lock, and has the usual time limit. */
const within = <T>(selection: FamilySelection, manager: EntityManager, work: () => Promise<T>): Promise<T> =>
  selection.familyId === undefined && selection.sessionId === undefined ? patiently(manager, work) : work();

const stateSql: Record<FamilyState, string> = {
  active: 'f.revokedAt IS NULL AND f.idleExpiresAt > :now AND f.absoluteExpiresAt > :now',
  expired: 'f.revokedAt IS NULL AND (f.idleExpiresAt <= :now OR f.absoluteExpiresAt <= :now)',
  revoked: 'f.revokedAt IS NOT NULL',
};

const criteriaOf = ({ exceptSessionId, ...equal }: FamilySelection) => ({
  ...equal,
  ...(exceptSessionId !== undefined && { sessionId: Or(IsNull(), Not(exceptSessionId)) }),
});

const isTotal = (row: HitsRow): boolean => row.client_id === null;

function toHits(rows: readonly HitsRow[]): FamilyHits {
  const byClient = rows.filter((row) => !isTotal(row) && row.families > 0);
  return {
    ...toCount(rows.find(isTotal)!),
    byClient: byClient.map((row) => ({ clientId: row.client_id!, ...toCount(row) })),
  };
}

const toCount = ({ families, subjects, last_used_at }: HitsRow) => ({ families, subjects, lastUsedAt: last_used_at });
