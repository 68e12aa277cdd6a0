import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.js';
import { Coalescer } from '../platform/database/coalescer.js';
import type { RequestContext } from '../platform/http/request-context.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Clock } from '../platform/time/clock.js';
import { refreshedOf, type Refreshed } from './refreshed.js';
import { judge, type DeathReason, type FamilySnapshot } from './rotation.js';
import { RotationBatch, type Rotation } from './rotation-batch.js';
import { TokenFamilyRepository, type RotationEntry } from './token-family.repository.js';

export type CodeRefusal = 'unknown' | 'replayed' | 'too_wide' | 'wrong_target' | DeathReason;

/** How often a row that somebody else held is asked for again. */
const MAX_ATTEMPTS = 3;

/**
 * Families that wait for their authorization code, which is their generation 0: redeeming it is a rotation like any other,
 * but for the retry window. A code that finds its family beyond generation 0 is a replay.
 */
@Injectable()
export class CodeFamilies {
  private readonly snapshots: Coalescer<string, FamilySnapshot | undefined>;

  constructor(
    private readonly batch: RotationBatch,
    store: TokenFamilyRepository,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {
    this.snapshots = new Coalescer({ run: (handles) => store.snapshots(handles), maxEntries: 256, maxInFlight: 1 });
  }

  /** @param code as presented: identical requests share one attempt, of which one succeeds */
  async redeem(
    handle: string,
    { clientId }: Client,
    { code, resource }: { code: string; resource: readonly string[] | undefined },
    { correlationId }: RequestContext,
  ): Promise<{ refreshed: Refreshed } | { refusal: CodeRefusal }> {
    const asked = resource ? resource.join(' ') : null;
    const entry = { handle, generation: 0, clientId, scope: null, resource: asked, correlationId };
    return this.answer(await this.batch.rotate(code, entry), { code, entry, resource });
  }

  find(handle: string): Promise<FamilySnapshot | undefined> {
    return this.snapshots.submit(handle);
  }

  private async answer(
    { rotated, leads }: Rotation,
    attempt: { code: string; entry: RotationEntry; resource: readonly string[] | undefined },
    tries = 1,
  ): Promise<{ refreshed: Refreshed } | { refusal: CodeRefusal }> {
    const { code, entry, resource } = attempt;
    if (rotated && leads) {
      const asked = { scope: undefined, resource };
      return { refreshed: refreshedOf(rotated, asked, rotated, this.keys.mintingTokenKey()) };
    }
    const refusal = this.refusalOf(await this.find(entry.handle), entry.clientId, resource);
    if (refusal) return { refusal };
    if (tries > MAX_ATTEMPTS) throw OAuthError.unavailable('contended_family');
    return this.answer(await this.batch.rotateAlone(code, entry), attempt, tries + 1);
  }

  /** @returns undefined where nothing speaks against it: the row was locked when the batch came by */
  private refusalOf(
    family: FamilySnapshot | undefined,
    clientId: string,
    resource: readonly string[] | undefined,
  ): CodeRefusal | undefined {
    const now = this.clock.now();
    const judged = judge(family, { generation: 0, clientId, scope: undefined, resource }, now, now);
    switch (judged.verdict) {
      case 'rotatable':
        return undefined;
      case 'unknown':
      case 'foreign':
        return 'unknown';
      case 'dead':
        return judged.reason;
      case 'too_wide':
      case 'wrong_target':
        return judged.verdict;
      case 'retry':
      case 'stale':
      case 'reuse':
        return 'replayed';
    }
  }
}
