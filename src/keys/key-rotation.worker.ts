/**
 * Keeps the keys in step with time: every ten seconds it renews the copy in memory, so that all replicas agree, and does
 * what is due. Every replica runs it; the work itself is exclusive, and the one that comes late finds nothing left to do.
 */
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { awaitDatabase } from '../platform/database/await-database.js';
import { KeyRing } from './key-ring.service.js';
import { KeyRotation, type Alongside, type KeyChange, type RotationRequest } from './key-rotation.service.js';

/** The longest that a retired key is still believed by another replica. */
export const RELOAD_EVERY_MS = 10_000;

@Injectable()
export class KeyRotationWorker implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('keys');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ring: KeyRing,
    private readonly rotation: KeyRotation,
  ) {}

  /** @throws WrongMasterKeyError: a process that cannot read the keys must not boot, nor make others */
  async onModuleInit(): Promise<void> {
    await awaitDatabase(() => this.run());
    this.timer = setInterval(() => this.tick(), RELOAD_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns what was due and has been done */
  async run(): Promise<KeyChange[]> {
    // First, because it proves that this process has the right master key.
    await this.ring.reload();
    return this.follow(await this.rotation.advance());
  }

  /**
   * Rotates the signing keys ahead of the schedule. Immediately is for emergencies: verifiers that cache the JWKS do not know
   * the new keys yet.
   * @returns what was done; nothing for a next key that was published already and may take its time
   */
  async rotateNow(request: RotationRequest, alongside?: Alongside): Promise<KeyChange[]> {
    return this.follow(await this.rotation.rotate(request, alongside));
  }

  /**
   * Takes a leaked signing key out of use: no token that it signed is believed any more, here at once and on the other
   * replicas within ten seconds; resource servers follow as their copy of the JWKS expires.
   * @returns what was done; nothing when there is no such key, or it was retired before
   */
  async retire(kid: string, alongside?: Alongside): Promise<KeyChange[]> {
    return this.follow(await this.rotation.retire(kid, alongside));
  }

  /** Also where nothing was left to do: another replica has done it, and its key may be the first. */
  private async follow(changes: KeyChange[]): Promise<KeyChange[]> {
    await this.ring.reload();
    for (const { change, ...what } of changes) this.logger.log(`${change} ${JSON.stringify(what)}`);
    return changes;
  }

  private tick(): void {
    this.running = this.running
      .then(() => this.run())
      .catch((error: unknown) => this.logger.error(`The keys could not be renewed: ${String(error)}`));
  }
}
