/**
 * Every ten seconds, reloads the keys in memory, so that all replicas agree, and carries out the rotation steps that are
 * due. Every replica runs it; the steps run under a lock, so only the first replica finds something to do.
 */
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { awaitDatabase } from '../platform/database/await-database.js';
import { KeyRing } from './key-ring.service.js';
import { KeyRotation, type Alongside, type KeyChange, type RotationRequest } from './key-rotation.service.js';

/** The longest time that another replica may still accept a retired key. */
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

  /** @throws WrongMasterKeyError: a process that cannot read the keys must neither start nor create new ones */
  async onModuleInit(): Promise<void> {
    await awaitDatabase(() => this.run());
    this.timer = setInterval(() => this.tick(), RELOAD_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns the changes that were due */
  async run(): Promise<KeyChange[]> {
    // First, because this checks the master key.
    await this.ring.reload();
    return this.follow(await this.rotation.advance());
  }

  /**
   * Rotates the signing keys ahead of schedule. `immediately` is for emergencies: verifiers with a cached JWKS do not have
   * the new keys yet.
   * @returns the changes; none if the next key is published already and `immediately` is off
   */
  async rotateNow(request: RotationRequest, alongside?: Alongside): Promise<KeyChange[]> {
    return this.follow(await this.rotation.rotate(request, alongside));
  }

  /**
   * Retires a leaked signing key: tokens that it signed are refused, here at once, on other replicas within ten seconds, and
   * by resource servers when their copy of the JWKS expires.
   * @returns the changes; none if there is no such key, or it is retired already
   */
  async retire(kid: string, alongside?: Alongside): Promise<KeyChange[]> {
    return this.follow(await this.rotation.retire(kid, alongside));
  }

  /** Reloads even without changes: another replica may have made them, perhaps the very first key. */
  private async follow(changes: KeyChange[]): Promise<KeyChange[]> {
    await this.ring.reload();
    for (const { change, ...what } of changes) this.logger.log(`${change} ${JSON.stringify(what)}`);
    return changes;
  }

  private tick(): void {
    this.running = this.running
      .then(() => this.run())
      .catch((error: unknown) => this.logger.error(`The keys could not be reloaded or rotated: ${String(error)}`));
  }
}
