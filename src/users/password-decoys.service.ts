import { Injectable, Logger } from '@nestjs/common';
import { hmacSha256 } from '../keys/hmac.js';
import { RootKey } from '../keys/root-key.js';
import { Clock } from '../platform/time/clock.js';
import { decoyHash, isCurrent, parseHash, type PasswordHash } from '../passwords/password-hash.js';
import { kindAt, type PasswordKind } from './password-kinds.js';
import { UserRepository } from './user.repository.js';

/** How long the kinds are cached. Imports and sign-ins change them. */
const FRESH_MS = 600_000;

/** Delay after a failed read. */
const RETRY_MS = 60_000;

const PLACE_BYTES = 6;

/** Dummy hash for unknown usernames, so that both cases take the same time. */
@Injectable()
export class PasswordDecoys {
  private readonly logger = new Logger('passwords');
  private readonly key: Buffer;
  private readonly current = decoyHash();
  private kinds: readonly PasswordKind[] | undefined;
  private nextLookAt = -Infinity;
  private reading: Promise<readonly PasswordKind[]> | undefined;

  constructor(
    private readonly repository: UserRepository,
    private readonly clock: Clock,
    rootKey: RootKey,
  ) {
    this.key = rootKey.derive('password-decoy');
  }

  /** @returns a hash for the comparison; a match must be ignored */
  async for(name: string): Promise<PasswordHash> {
    const kind = kindAt(await this.known(), this.placeOf(name));
    const hash = kind && !isCurrent(kind.example) ? parseHash(kind.example) : this.current;
    return 'problem' in hash ? this.current : hash;
  }

  private placeOf(name: string): number {
    const digest = hmacSha256(this.key, name);
    return digest.readUIntBE(0, PLACE_BYTES) / 2 ** (8 * PLACE_BYTES);
  }

  /** Only the first callers wait; later ones get the old kinds while they are reread. */
  private known(): readonly PasswordKind[] | Promise<readonly PasswordKind[]> {
    if (this.clock.now() >= this.nextLookAt) this.reading ??= this.look().finally(() => (this.reading = undefined));
    return this.kinds ?? this.reading!;
  }

  /** Never rejects: a sign-in with the right password does not need the kinds. */
  private async look(): Promise<readonly PasswordKind[]> {
    try {
      this.kinds = inOrder(await this.repository.passwordKinds());
      this.nextLookAt = this.clock.now() + FRESH_MS;
    } catch {
      this.logger.warn('The kinds of stored passwords could not be read.');
      this.kinds ??= [];
      this.nextLookAt = this.clock.now() + RETRY_MS;
    }
    return this.kinds;
  }
}

const inOrder = (kinds: readonly PasswordKind[]): readonly PasswordKind[] =>
  [...kinds].sort((a, b) => Number(isCurrent(a.example)) - Number(isCurrent(b.example)) || (a.name < b.name ? -1 : 1));
