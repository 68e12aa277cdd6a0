import type { LiveRevocations } from '../../src/revocation/revocation-tracker.js';
import type { RevocableToken, Revocation } from '../../src/revocation/revocation.js';
import type { Clock } from '../../src/platform/time/clock.js';

/** Stands in for PostgreSQL: the committed revocations with their times. */
export class RevocationTruth {
  readonly reads: (number | undefined)[] = [];
  failing = false;
  /** Called in the middle of each read. */
  onRead: () => Promise<void> = async () => undefined;
  private readonly rows: { revocation: Revocation; createdAt: number }[] = [];

  constructor(private readonly clock: Clock) {}

  commit(...revocations: Revocation[]): void {
    this.commitLate(0, ...revocations);
  }

  /** Commits now a row that was written a while ago. */
  commitLate(writtenMsAgo: number, ...revocations: Revocation[]): void {
    const createdAt = this.clock.now() - writtenMsAgo;
    this.rows.push(...revocations.map((revocation) => ({ revocation, createdAt })));
  }

  readonly live: LiveRevocations = async (withinMs) => {
    this.reads.push(withinMs);
    const now = this.clock.now();
    const found = this.rows.filter(
      ({ revocation, createdAt }) =>
        revocation.expiresAt > now && (withinMs === undefined || createdAt > now - withinMs),
    );
    await this.onRead();
    if (this.failing) throw new Error('the database is away');
    return found.map(({ revocation }) => revocation);
  };
}

const HOUR_MS = 3_600_000;

/** Object mothers around a token that was issued a minute ago. */
export function tokensAndRevocations(clock: Clock) {
  const now = clock.now();
  const aToken = (overrides: Partial<RevocableToken> = {}): RevocableToken => ({
    jti: 'jti-1',
    subject: 'user-1',
    clientId: 'client-1',
    familyId: 'family-1',
    issuedAt: now - 60_000,
    ...overrides,
  });
  const aRevocation = (overrides: Partial<Revocation> = {}): Revocation => ({
    kind: 'family',
    value: 'family-1',
    notBefore: now,
    expiresAt: now + HOUR_MS,
    ...overrides,
  });
  return { aToken, aRevocation };
}
