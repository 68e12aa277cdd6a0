/**
 * A minimal model of a token family, without batches, concurrency or a database. Tests compare the service's answers with it.
 * Written without looking at `refresh/rotation.ts`.
 */
export interface Policy {
  readonly retryWindowSeconds: number;
  readonly idleTtlSeconds: number;
  readonly absoluteTtlSeconds: number;
  readonly sticky: boolean;
  /** The client's scopes; its families begin with a b c. */
  readonly scopes: readonly string[];
}

export type Outcome =
  | { readonly status: 200; readonly generation: number; readonly scope: string }
  | { readonly status: 400; readonly error: 'invalid_grant' | 'invalid_scope' };

/** How many rotations a family remembers, and how long requests count as concurrent with one. */
const REMEMBERED = 8;
const CONCURRENT_MS = 1000;

const REFUSED: Outcome = { status: 400, error: 'invalid_grant' };
const TOO_WIDE: Outcome = { status: 400, error: 'invalid_scope' };

export class FamilyModel {
  generation = 0;
  revoked = false;
  subjectDisabled = false;
  /** When each generation was superseded. */
  private readonly supersededAt: number[] = [];
  private scope = ['a', 'b', 'c'];
  private idleEnd: number;
  private readonly absoluteEnd: number;

  constructor(
    private readonly policy: Policy,
    private now: number,
  ) {
    this.absoluteEnd = now + policy.absoluteTtlSeconds * 1000;
    this.idleEnd = this.idleEndFrom(now);
  }

  advance(milliseconds: number): void {
    this.now += milliseconds;
  }

  get isAlive(): boolean {
    return !this.revoked && !this.subjectDisabled && this.now < this.idleEnd && this.now < this.absoluteEnd;
  }

  /** The outcome of one request with the token of this generation; changes the model accordingly. */
  refresh(generation: number, asked?: readonly string[]): Outcome {
    // A scope beyond the client's is refused before the token is read.
    if (asked?.some((token) => !this.policy.scopes.includes(token))) return TOO_WIDE;
    if (!this.isAlive) return REFUSED;
    if (generation === this.generation) return this.rotate(asked);
    const sinceMs = this.now - this.supersededAt[generation]!;
    const isForgotten = this.generation - generation > REMEMBERED;
    const windowMs = this.policy.retryWindowSeconds * 1000;
    if (!isForgotten && windowMs > 0 && sinceMs <= windowMs) {
      return generation === this.generation - 1 ? this.answer(asked) : REFUSED;
    }
    if (isForgotten || sinceMs > CONCURRENT_MS) this.revoked = true;
    return REFUSED;
  }

  private rotate(asked: readonly string[] | undefined): Outcome {
    const outcome = this.answer(asked);
    if (outcome.status !== 200) return outcome;
    this.supersededAt[this.generation] = this.now;
    this.generation += 1;
    this.idleEnd = this.idleEndFrom(this.now);
    if (asked && this.policy.sticky) this.scope = [...asked];
    return { ...outcome, generation: this.generation };
  }

  private answer(asked: readonly string[] | undefined): Outcome {
    if (asked?.some((token) => !this.scope.includes(token))) return TOO_WIDE;
    return { status: 200, generation: this.generation, scope: (asked ?? this.scope).join(' ') };
  }

  private idleEndFrom(now: number): number {
    return Math.min(this.absoluteEnd, now + this.policy.idleTtlSeconds * 1000);
  }
}
