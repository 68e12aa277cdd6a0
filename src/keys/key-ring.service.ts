/**
 * All keys, decrypted and in memory, so that signing and verifying need no database. Selects the key for the current time;
 * `key-rotation.service.ts` creates and deletes keys, and `key-rotation.worker.ts` reloads this copy.
 */
import { Injectable } from '@nestjs/common';
import type { JWK } from 'jose';
import { Config } from '../platform/config/config.js';
import { Clock } from '../platform/time/clock.js';
import { KeyRepository, type StoredKeys, type StoredSigningKey, type StoredTokenKey } from './key.repository.js';
import { RootKey } from './root-key.js';
import { DEFAULT_ID_TOKEN_ALGORITHM, type SigningAlgorithm } from './signing-algorithm.js';
import {
  accessTokenKeyOf,
  keyOfAlgorithm,
  signingPolicy,
  verifiesUntil,
  type SigningKeyLife,
  type SigningPolicy,
} from './signing-key-schedule.js';
import { openSigningKey, publicJwkOf, type SigningKey, type VerificationKey } from './signing-key.js';
import { mintingKeyOf, type TokenKeyLife } from './token-key-schedule.js';
import { openTokenKey, type TokenKey } from './token-key.js';

/** Finds keys by their ids while a token is read. */
export interface KeyLookup {
  /** @returns undefined for a key that is unknown or retired, or whose last token has expired */
  readonly verificationKey: (kid: string) => VerificationKey | undefined;
  readonly tokenKey: (id: number) => TokenKey | undefined;
}

interface HeldSigningKey extends SigningKeyLife {
  readonly key: SigningKey;
  readonly verifiesUntil: number;
}

interface HeldTokenKey extends TokenKeyLife {
  readonly key: TokenKey;
  readonly encryptedKey: Buffer;
}

interface Held {
  /** All of them, retired ones included: which key signs depends on those as well. */
  readonly schedule: readonly SigningKeyLife[];
  readonly signingKeys: ReadonlyMap<string, HeldSigningKey>;
  readonly tokenKeys: ReadonlyMap<number, HeldTokenKey>;
}

/** Tokens with unknown keys cause one database read per second at most. */
const LOOK_EVERY_MS = 1000;

@Injectable()
export class KeyRing implements KeyLookup {
  private readonly sealingKey: Buffer;
  private readonly policy: SigningPolicy;
  private held: Held = { schedule: [], signingKeys: new Map(), tokenKeys: new Map() };
  private reloads = 0;
  private heldReload = 0;
  private look = Promise.resolve();
  private lookedAt = -Infinity;

  constructor(
    private readonly repository: KeyRepository,
    private readonly clock: Clock,
    rootKey: RootKey,
    config: Config,
  ) {
    this.sealingKey = rootKey.derive('key-encryption');
    this.policy = signingPolicy(config);
  }

  /**
   * The key to sign with now.
   * @param algorithm the recipient's; RS256 if we have no key for it (any more). Undefined for access tokens
   */
  signingKey(algorithm?: SigningAlgorithm): SigningKey {
    const [{ schedule, signingKeys }, now] = [this.held, this.clock.now()];
    const chosen =
      algorithm === undefined
        ? accessTokenKeyOf(schedule, this.policy, now)
        : keyOfAlgorithm(schedule, this.isKept(algorithm) ? algorithm : DEFAULT_ID_TOKEN_ALGORITHM, now);
    const current = chosen && signingKeys.get(chosen.kid);
    if (!current) throw new Error('There is no signing key: the keys have not been loaded');
    return current.key;
  }

  /** The key to mint refresh tokens and opaque access tokens with now. */
  mintingTokenKey(): TokenKey {
    const current = mintingKeyOf([...this.held.tokenKeys.values()], this.clock.now());
    if (!current) throw new Error('There is no token key: the keys have not been loaded');
    return current.key;
  }

  readonly verificationKey = (kid: string): VerificationKey | undefined => {
    const held = this.held.signingKeys.get(kid);
    return held && this.clock.now() < held.verifiesUntil ? held.key : undefined;
  };

  readonly tokenKey = (id: number): TokenKey | undefined => this.held.tokenKeys.get(id)?.key;

  /** RFC 7517 §5: every key that a valid token may be signed with, and the keys that will sign next. */
  jwks(): { keys: JWK[] } {
    return { keys: this.published().map(({ key }) => publicJwkOf(key)) };
  }

  /**
   * Runs `read` with the loaded keys. If it asked for an unknown key, which another replica may have just created, reloads
   * the keys and runs it again.
   * @throws only if that reload fails
   */
  reading<T>(read: (keys: KeyLookup) => T): T | Promise<T> {
    let missing = false;
    const noted = <K>(key: K | undefined): K | undefined => {
      missing ||= key === undefined;
      return key;
    };
    const result = read({
      verificationKey: (kid) => noted(this.verificationKey(kid)),
      tokenKey: (id) => noted(this.tokenKey(id)),
    });
    return missing ? this.lookAgain().then(() => read(this)) : result;
  }

  /** @throws WrongMasterKeyError; then the loaded keys stay */
  async reload(): Promise<void> {
    const reload = ++this.reloads;
    const stored = await this.repository.load();
    // A newer reload has finished first; this result may still contain a key that was retired in between.
    if (reload < this.heldReload) return;
    this.held = this.open(stored);
    this.heldReload = reload;
  }

  private readonly isKept = (algorithm: SigningAlgorithm): boolean => this.policy.algorithms.includes(algorithm);

  private lookAgain(): Promise<void> {
    const now = this.clock.now();
    if (Math.abs(now - this.lookedAt) >= LOOK_EVERY_MS) {
      this.lookedAt = now;
      this.look = this.reload();
    }
    return this.look;
  }

  private open({ signingKeys, tokenKeys }: StoredKeys): Held {
    const alive = signingKeys.filter(({ retiredAt }) => retiredAt === null);
    return {
      schedule: signingKeys.map(({ kid, algorithm, activeFrom, retiredAt }) => ({
        kid,
        algorithm,
        activeFrom,
        retiredAt,
      })),
      signingKeys: new Map(alive.map((row) => [row.kid, this.openSigningKey(row, signingKeys)])),
      tokenKeys: new Map(tokenKeys.map((row) => [row.id, this.openTokenKey(row)])),
    };
  }

  /** Reuses key objects, because caches elsewhere are keyed by them. */
  private openSigningKey(row: StoredSigningKey, rows: readonly StoredSigningKey[]): HeldSigningKey {
    const { kid, algorithm, activeFrom, retiredAt } = row;
    const key = this.held.signingKeys.get(kid)?.key ?? openSigningKey(row, this.sealingKey);
    return { kid, algorithm, activeFrom, retiredAt, key, verifiesUntil: verifiesUntil(row, rows, this.policy) };
  }

  private openTokenKey(row: StoredTokenKey): HeldTokenKey {
    const { id, activeFrom, encryptedKey } = row;
    const held = this.held.tokenKeys.get(id);
    // Another key may have taken over the id.
    const key = held?.encryptedKey.equals(encryptedKey) ? held.key : openTokenKey(row, this.sealingKey);
    return { id, activeFrom, encryptedKey, key };
  }

  private published(): HeldSigningKey[] {
    const now = this.clock.now();
    return [...this.held.signingKeys.values()].filter((held) => now < held.verifiesUntil);
  }
}
