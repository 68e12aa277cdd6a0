/**
 * Carries out the steps of the two key schedules in the database. `key-rotation.worker.ts` reloads the keys in memory.
 */
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../platform/config/config.js';
import { Clock } from '../platform/time/clock.js';
import { KeyRepository, type StoredKeys } from './key.repository.js';
import { RootKey } from './root-key.js';
import type { SigningAlgorithm } from './signing-algorithm.js';
import { generateSigningKey, sealSigningKey, type SigningKey } from './signing-key.js';
import {
  dueSteps,
  retirementSteps,
  rotationSteps,
  signingPolicy,
  type SigningKeyStep,
  type SigningPolicy,
} from './signing-key-schedule.js';
import { generateTokenKey, sealTokenKey } from './token-key.js';
import {
  dueTokenKeySteps,
  LONGEST_FAMILY_TTL_SECONDS,
  type TokenKeyPolicy,
  type TokenKeyStep,
} from './token-key-schedule.js';

/** A change to a key, for the log and the audit log. */
export type KeyChange =
  | {
      readonly change: 'signing_key_created' | 'signing_key_activated';
      readonly kid: string;
      readonly algorithm: SigningAlgorithm;
      readonly activeFrom: number;
    }
  | { readonly change: 'signing_key_retired' | 'signing_key_deleted'; readonly kid: string }
  | { readonly change: 'token_key_created'; readonly id: number; readonly activeFrom: number }
  | { readonly change: 'token_key_deleted'; readonly id: number };

interface Steps {
  readonly signing: readonly SigningKeyStep[];
  readonly token: readonly TokenKeyStep[];
}

type Decide = (keys: StoredKeys, now: number) => Steps;

/** A generated key for each algorithm that needs a new one. */
type Spares = ReadonlyMap<SigningAlgorithm, SigningKey>;

export interface RotationRequest {
  /** The new keys sign at once; otherwise they are published now and sign an hour later. */
  readonly immediately: boolean;
  /** One of the algorithms in use; undefined: all of them. */
  readonly algorithm?: SigningAlgorithm | undefined;
}

/** Runs in the transaction that changes the keys, so that both are committed or neither is. */
export type Alongside = (manager: EntityManager, changes: readonly KeyChange[]) => Promise<void>;

@Injectable()
export class KeyRotation {
  private readonly sealingKey: Buffer;
  private readonly signingPolicy: SigningPolicy;
  private readonly tokenPolicy: TokenKeyPolicy;

  constructor(
    private readonly repository: KeyRepository,
    private readonly clock: Clock,
    rootKey: RootKey,
    config: Config,
  ) {
    this.sealingKey = rootKey.derive('key-encryption');
    this.signingPolicy = signingPolicy(config);
    this.tokenPolicy = {
      rotationMs: this.signingPolicy.rotationMs,
      longestFamilyTtlMs: LONGEST_FAMILY_TTL_SECONDS * 1000,
    };
  }

  /** Carries out the steps that are due. */
  advance(): Promise<KeyChange[]> {
    return this.change(({ signingKeys, tokenKeys }, now) => ({
      signing: dueSteps(signingKeys, this.signingPolicy, now),
      token: dueTokenKeySteps(tokenKeys, this.tokenPolicy, now),
    }));
  }

  rotate({ immediately, algorithm }: RotationRequest, alongside?: Alongside): Promise<KeyChange[]> {
    const rotated = this.signingPolicy.algorithms.filter((kept) => algorithm === undefined || kept === algorithm);
    const decide: Decide = ({ signingKeys }, now) => ({
      signing: rotationSteps(signingKeys, this.signingPolicy, now, { immediately, rotated }),
      token: [],
    });
    return this.change(decide, alongside);
  }

  retire(kid: string, alongside?: Alongside): Promise<KeyChange[]> {
    const decide: Decide = ({ signingKeys }, now) => ({
      signing: retirementSteps(signingKeys, kid, this.signingPolicy, now),
      token: [],
    });
    return this.change(decide, alongside);
  }

  /** Decides twice: first without the lock, to generate keys, which is slow; then under the lock, which counts. */
  private async change(decide: Decide, alongside?: Alongside): Promise<KeyChange[]> {
    const planned = decide(await this.repository.load(), this.clock.now());
    if (planned.signing.length + planned.token.length === 0) return [];
    const spares = await generateSpares(planned);
    const changes = await this.repository.exclusively(async (manager) => {
      const steps = decide(await this.repository.load(manager), this.clock.now());
      if (newAlgorithmsOf(steps).some((algorithm) => !spares.has(algorithm))) return undefined;
      const done = await this.carryOut(steps, spares, manager);
      if (done.length > 0) await alongside?.(manager, done);
      return done;
    });
    return changes ?? this.change(decide, alongside);
  }

  private async carryOut({ signing, token }: Steps, spares: Spares, manager: EntityManager) {
    const changes: KeyChange[] = [];
    for (const step of signing) changes.push(await this.signingStep(step, spares, manager));
    for (const step of token) changes.push(await this.tokenStep(step, manager));
    return changes;
  }

  private async signingStep(step: SigningKeyStep, spares: Spares, manager: EntityManager): Promise<KeyChange> {
    switch (step.step) {
      case 'create': {
        const { algorithm, activeFrom } = step;
        const spare = spares.get(algorithm)!;
        const times = { now: this.clock.now(), activeFrom };
        await this.repository.insertSigningKey(sealSigningKey(spare, this.sealingKey), times, manager);
        return { change: 'signing_key_created', kid: spare.kid, algorithm, activeFrom };
      }
      case 'activate': {
        const { kid, algorithm, activeFrom } = step;
        await this.repository.activateSigningKey(kid, activeFrom, manager);
        return { change: 'signing_key_activated', kid, algorithm, activeFrom };
      }
      case 'retire':
        await this.repository.retireSigningKey(step.kid, step.retiredAt, manager);
        return { change: 'signing_key_retired', kid: step.kid };
      case 'delete':
        await this.repository.deleteSigningKey(step.kid, manager);
        return { change: 'signing_key_deleted', kid: step.kid };
    }
  }

  private async tokenStep(step: TokenKeyStep, manager: EntityManager): Promise<KeyChange> {
    if (step.step === 'delete') {
      await this.repository.deleteTokenKey(step.id, manager);
      return { change: 'token_key_deleted', id: step.id };
    }
    const { id, activeFrom } = step;
    const times = { now: this.clock.now(), activeFrom };
    await this.repository.insertTokenKey(sealTokenKey(generateTokenKey(id), this.sealingKey), times, manager);
    return { change: 'token_key_created', id, activeFrom };
  }
}

/** Each algorithm gets one new key at most. */
const newAlgorithmsOf = ({ signing }: Steps): SigningAlgorithm[] =>
  signing.flatMap((step) => (step.step === 'create' ? [step.algorithm] : []));

async function generateSpares(planned: Steps): Promise<Spares> {
  const keys = await Promise.all(newAlgorithmsOf(planned).map(generateSigningKey));
  return new Map(keys.map((key) => [key.algorithm, key]));
}
