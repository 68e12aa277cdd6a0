import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type EntityManager, type Repository } from 'typeorm';
import { Coalescer } from '../platform/database/coalescer.js';
import { Clock } from '../platform/time/clock.js';
import { concerns, isHitBy, type RevocableToken, type Revocation } from './revocation.js';
import { RevocationEntity } from './revocation.entity.js';

interface RevocationRow {
  kind: Revocation['kind'];
  value: string;
  not_before: Date;
  expires_at: Date;
}

const COLUMNS = 'kind, value, not_before, expires_at';

/** `revocations`. */
@Injectable()
export class RevocationRepository {
  private readonly checks: Coalescer<RevocableToken, boolean>;

  constructor(
    @InjectRepository(RevocationEntity) private readonly revocations: Repository<RevocationEntity>,
    private readonly clock: Clock,
  ) {
    this.checks = new Coalescer({ run: (tokens) => this.areRevoked(tokens), maxEntries: 200, maxInFlight: 2 });
  }

  async insert(revocations: readonly Omit<RevocationEntity, 'createdAt'>[], manager: EntityManager): Promise<void> {
    await manager.withRepository(this.revocations).insert([...revocations]);
  }

  /** Asks PostgreSQL. @throws when the database is away */
  isRevoked(token: RevocableToken): Promise<boolean> {
    return this.checks.submit(token);
  }

  /** See `LiveRevocations`. */
  async live(withinMs?: number): Promise<Revocation[]> {
    // SQL, because building entities of a hundred thousand rows would hold up the event loop.
    const rows = await this.revocations.query<RevocationRow[]>(
      `SELECT ${COLUMNS} FROM revocations WHERE expires_at > $1
         AND ($2::float8 IS NULL OR created_at > clock_timestamp() - $2::float8 * interval '1 millisecond')`,
      [new Date(this.clock.now()), withinMs ?? null],
    );
    return rows.map(toRevocation);
  }

  /** Examines only the oldest `limit` rows, which are the first to expire. */
  async deleteExpired(before: Date, limit: number): Promise<number> {
    // SQL for SKIP LOCKED, so that two replicas can clean up at once.
    const [, count] = await this.revocations.query<[unknown, number]>(
      `WITH oldest AS (SELECT id, expires_at FROM revocations ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
       DELETE FROM revocations USING oldest WHERE revocations.id = oldest.id AND oldest.expires_at < $1`,
      [before, limit],
    );
    return count;
  }

  /** Newest first. @param before the id that the page starts after */
  list(limit: number, before?: string): Promise<RevocationEntity[]> {
    return this.revocations.find({
      where: before === undefined ? {} : { id: LessThan(before) },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  private async areRevoked(tokens: readonly RevocableToken[]): Promise<boolean[]> {
    const pairs = tokens.flatMap((token) => concerns(token));
    // SQL, because it looks up pairs of values, however many, with the same statement.
    const rows = await this.revocations.query<RevocationRow[]>(
      `SELECT ${COLUMNS} FROM revocations JOIN unnest($1::text[], $2::text[]) AS asked (kind, value) USING (kind, value)`,
      [pairs.map(([kind]) => kind), pairs.map(([, value]) => value)],
    );
    const latest = new Map<string, number>();
    for (const { kind, value, notBefore } of rows.map(toRevocation)) {
      latest.set(`${kind} ${value}`, Math.max(notBefore, latest.get(`${kind} ${value}`) ?? 0));
    }
    return tokens.map((token) =>
      concerns(token).some(([kind, value]) => isHitBy(token, latest.get(`${kind} ${value}`) ?? 0)),
    );
  }
}

const toRevocation = (row: RevocationRow): Revocation => ({
  kind: row.kind,
  value: row.value,
  notBefore: row.not_before.getTime(),
  expiresAt: row.expires_at.getTime(),
});
