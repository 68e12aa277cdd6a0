/**
 * All keys, opened and in memory, so that signing and verifying ask nobody. What they are at a moment is decided here by
 * the clock; how they come and go is `key-rotation.service.ts`; when this copy is renewed, `key-rotation.worker.ts`.
 */
import { Injectable } from '@nestjs/common';
import type { JWK } from 'jose';
import { Config } from '../platform/config/config.js';
import { Clock } from '../platform/time/clock.js';
import { KeyRepository, type StoredKeys, type StoredSigningKey, type StoredTokenKey } from './key.repository.js';
import { deriveKey } from './master-key.js';
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

/** How keys are found while a token is read. */
export interface KeyLookup {
  /** @returns undefined for a key that is unknown, was retired, or whose last token is gone */
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
  readonly signingKeys: ReadonlyMap<string, HeldSigningKey>;
  readonly tokenKeys: ReadonlyMap<number, HeldTokenKey>;
}

/** Tokens of unknown keys cost the database one look a second, however many there are. */
const LOOK_EVERY_MS = 1000;

@Injectable()
export class KeyRing implements KeyLookup {
  private readonly sealingKey: Buffer;
  private readonly policy: SigningPolicy;
  private held: Held = { signingKeys: new Map(), tokenKeys: new Map() };
  private reloads = 0;
  private heldReload = 0;
  private look = Promise.resolve();
  private lookedAt = -Infinity;

  constructor(
    private readonly repository: KeyRepository,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.sealingKey = deriveKey(config.secret, 'key-encryption');
    this.policy = signingPolicy(config);
  }

  /**
   * The key to sign with now.
   * @param algorithm what the recipient wants; RS256 takes its place where no key is kept of it (any more). Undefined: an
   *   access token is to be signed
   */
  signingKey(algorithm?: SigningAlgorithm): SigningKey {
    const [keys, now] = [this.published(), this.clock.now()];
    const current =
      algorithm === undefined
        ? accessTokenKeyOf(keys, this.policy, now)
        : keyOfAlgorithm(keys, this.isKept(algorithm) ? algorithm : DEFAULT_ID_TOKEN_ALGORITHM, now);
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

  /** RFC 7517 §5: every key that a token may be signed with, among them those that will sign next. */
  jwks(): { keys: JWK[] } {
    return { keys: this.published().map(({ key }) => publicJwkOf(key)) };
  }

  /**
   * Runs `read` with the keys at hand, at once. Where it asked for a key that is not among them, another replica may have
   * made it a moment ago: then it looks, and runs `read` again.
   * @throws what the database throws, in that case alone
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

  /** @throws WrongMasterKeyError; the keys at hand stay as they are */
  async reload(): Promise<void> {
    const reload = ++this.reloads;
    const stored = await this.repository.load();
    // An answer that was overtaken by a newer one may not know a key that was retired in between.
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
      signingKeys: new Map(alive.map((row) => [row.kid, this.openSigningKey(row, signingKeys)])),
      tokenKeys: new Map(tokenKeys.map((row) => [row.id, this.openTokenKey(row)])),
    };
  }

  /** Keys already open are kept: what others remember of a key object stays worth remembering. */
  private openSigningKey(row: StoredSigningKey, rows: readonly StoredSigningKey[]): HeldSigningKey {
    const { kid, algorithm, activeFrom, retiredAt } = row;
    const key = this.held.signingKeys.get(kid)?.key ?? openSigningKey(row, this.sealingKey);
    return { kid, algorithm, activeFrom, retiredAt, key, verifiesUntil: verifiesUntil(row, rows, this.policy) };
  }

  private openTokenKey(row: StoredTokenKey): HeldTokenKey {
    const { id, activeFrom, encryptedKey } = row;
    const held = this.held.tokenKeys.get(id);
    // The id may have gone to another key since.
    const key = held?.encryptedKey.equals(encryptedKey) ? held.key : openTokenKey(row, this.sealingKey);
    return { id, activeFrom, encryptedKey, key };
  }

  private published(): HeldSigningKey[] {
    const now = this.clock.now();
    return [...this.held.signingKeys.values()].filter((held) => now < held.verifiesUntil);
  }
}
