import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metrics } from '../platform/metrics/metrics.js';
import { systemClock } from '../platform/time/clock.js';
import { Rotations } from './rotations.service.js';
import type { Presented } from './rotation.js';
import type { Rotated, TokenFamilyRepository } from './token-family.repository.js';

interface Statement {
  readonly name: 'rotate' | 'rotateAlone';
  readonly handles: string[];
  answer(generation: number | undefined): void;
}

/** Statements that the test completes. */
class HeldStore {
  readonly statements: Statement[] = [];

  readonly rotate = (entries: readonly Presented[]) => this.begin('rotate', entries);

  readonly rotateAlone = async (entry: Presented) => (await this.begin('rotateAlone', [entry]))[0];

  get shapes(): string[] {
    return this.statements.map(({ name, handles }) => `${name} ${handles.join()}`);
  }

  private begin(name: Statement['name'], entries: readonly Presented[]): Promise<(Rotated | undefined)[]> {
    return new Promise((resolve) => {
      this.statements.push({
        name,
        handles: entries.map(({ handle }) => handle),
        answer: (generation) => resolve(entries.map(({ handle }) => aRotation(handle, generation))),
      });
    });
  }
}

const aRotation = (handle: string, generation: number | undefined): Rotated | undefined =>
  generation === undefined
    ? undefined
    : {
        handle,
        generation,
        familyId: `familyId of ${handle}`,
        clientId: 'c1',
        subject: 'u1',
        rotates: true,
        at: 0,
        scope: [],
        rotatedAt: [],
        clientScopes: [],
        clientAudience: [],
        idleExpiresAt: 0,
        absoluteExpiresAt: 0,
        revokedReason: null,
        subjectDisabled: false,
        clientDisabled: false,
        retryWindowMs: 0,
        grant: { offline: true, resource: [], claims: undefined, authentication: undefined },
      };

const entry = (handle: string, overrides: Partial<Presented> = {}): Presented => ({
  handle,
  generation: 0,
  clientId: 'c1',
  scope: undefined,
  resource: undefined,
  correlationId: 'x',
  ...overrides,
});

const settled = async () => {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
};

describe('Rotations', () => {
  let store: HeldStore;
  let batch: Rotations;

  beforeEach(() => {
    store = new HeldStore();
    batch = new Rotations(store as unknown as TokenFamilyRepository, systemClock, new Metrics());
  });

  it('identical requests are one entry: one of them leads, and all share its result', async () => {
    const answers = Promise.all(Array.from({ length: 5 }, () => batch.rotate('token', entry('f1'))));
    await settled();
    expect(store.shapes).toEqual(['rotate f1']);
    store.statements[0]!.answer(1);
    const rotations = await answers;
    expect(rotations.map(({ leads }) => leads)).toEqual([true, false, false, false, false]);
    expect(new Set(rotations.map(({ rotated }) => rotated)).size).toBe(1);
  });

  it('different requests are not shared: another scope, another client, another token', async () => {
    void batch.rotate('token', entry('f1'));
    void batch.rotate('token', entry('f1', { scope: ['a'] }));
    void batch.rotate('token', entry('f1', { clientId: 'c2' }));
    void batch.rotate('other', entry('f1', { generation: 1 }));
    for (let round = 0; round < 4; round++) {
      await settled();
      store.statements[round]!.answer(undefined);
    }
    await settled();
    expect(store.shapes).toEqual(Array(4).fill('rotate f1'));
  });

  it('families that arrive together share one statement', async () => {
    for (const handle of ['f1', 'f2', 'f3']) void batch.rotate(handle, entry(handle));
    await settled();
    expect(store.shapes).toEqual(['rotate f1,f2,f3']);
  });

  it('a family that waits for a lock takes no place in other statements', async () => {
    void batch.rotateAlone('held', entry('f1'));
    void batch.rotateAlone('held too', entry('f2'));
    await settled();
    void batch.rotate('token', entry('f3'));
    await settled();
    expect(store.shapes).toEqual(['rotateAlone f1', 'rotateAlone f2', 'rotate f3']);
  });

  it('at most two connections wait for locked families, each for one family', async () => {
    for (const handle of ['f1', 'f2', 'f3', 'f4']) void batch.rotateAlone(handle, entry(handle));
    await settled();
    expect(store.shapes).toEqual(['rotateAlone f1', 'rotateAlone f2']);
    store.statements[0]!.answer(1);
    await settled();
    expect(store.shapes).toEqual(['rotateAlone f1', 'rotateAlone f2', 'rotateAlone f3']);
  });

  it('identical requests wait as one, and so does a later one', async () => {
    const early = [batch.rotateAlone('token', entry('f1')), batch.rotateAlone('token', entry('f1'))];
    await settled();
    const late = batch.rotate('token', entry('f1'));
    await settled();
    expect(store.shapes).toEqual(['rotateAlone f1']);
    store.statements[0]!.answer(1);
    const rotations = await Promise.all([...early, late]);
    expect(rotations.map(({ leads, rotated }) => [leads, rotated?.generation])).toEqual([
      [true, 1],
      [false, 1],
      [false, 1],
    ]);
  });

  it('the next request after the answer is a new entry', async () => {
    const first = batch.rotate('token', entry('f1'));
    await settled();
    store.statements[0]!.answer(1);
    await first;
    const second = batch.rotate('token', entry('f1'));
    await settled();
    store.statements[1]!.answer(undefined);
    expect(await second).toEqual({ rotated: undefined, leads: true });
  });
});
