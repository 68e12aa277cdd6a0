/**
 * Random sequences of events in a family's life, over real HTTP, compared with a model. On failure fast-check prints the seed and
 * the shortest failing sequence.
 */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { FamilyModel, type Outcome, type Policy } from '../support/family-model.js';
import { familyRow, generationOf, liveTokens, tokenOf } from '../support/family-state.js';
import { refresh, revoke, type Answer } from '../support/requests.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { timeLimit } from '../support/time-limit.js';

let app: TestApp;
let clients: { policy: Policy; client: TestClient }[];

const lives = { idleTtlSeconds: 300, absoluteTtlSeconds: 1200, scopes: ['a', 'b', 'c', 'e'] };
const policies: Policy[] = [
  { ...lives, retryWindowSeconds: 60, sticky: false },
  { ...lives, retryWindowSeconds: 60, sticky: true },
  { ...lives, retryWindowSeconds: 1, sticky: false },
  { ...lives, retryWindowSeconds: 0, sticky: false },
  { ...lives, retryWindowSeconds: 600, sticky: false },
];

beforeAll(async () => {
  app = await startApp();
  clients = await Promise.all(
    policies.map(async (policy) => {
      const { sticky, scopes, ...overrides } = policy;
      return {
        policy,
        client: await confidentialClient(app, {
          ...overrides,
          scopes: [...scopes],
          scopeNarrowing: sticky ? 'sticky' : 'request',
        }),
      };
    }),
  );
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** How many generations back; mostly few. */
const age = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0, 1) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 12 }) },
);
const scope = fc.option(fc.constantFrom<string[][]>(['a'], ['a', 'b'], ['c', 'a'], ['a', 'd'], ['e']), {
  nil: undefined,
  freq: 3,
});

type Action =
  | { readonly does: 'refresh'; readonly age: number; readonly scope: string[] | undefined }
  | { readonly does: 'advance'; readonly milliseconds: number }
  /** Identical requests at once. */
  | { readonly does: 'burst'; readonly age: number; readonly size: number }
  /** The current token and its predecessor at once. */
  | { readonly does: 'cross'; readonly size: number }
  | { readonly does: 'rotations'; readonly times: number }
  | { readonly does: 'revoke' | 'race_with_revoke' | 'disable' | 'enable' };

const does = <Name extends Action['does']>(name: Name) => fc.constant(name);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: does('refresh'), age, scope }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: does('advance'),
      milliseconds: fc.constantFrom(1, 900, 1000, 1001, 59_000, 60_000, 60_001, 150_000, 299_999),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: does('burst'), age, size: fc.integer({ min: 2, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ does: does('cross'), size: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ does: does('rotations'), times: fc.integer({ min: 2, max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('disable' as const, 'enable' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('revoke' as const, 'race_with_revoke' as const) }) },
);

/** A family under test, and the model beside it. */
class Life {
  /** The `jti` of the access tokens of each generation, in the first answer and its retries. */
  private readonly identities = new Map<number, string>();

  private constructor(
    private readonly client: TestClient,
    private readonly policy: Policy,
    private readonly subject: string,
    private readonly sid: string,
    private readonly model: FamilyModel,
  ) {}

  static async begin(index: number): Promise<Life> {
    const { client, policy } = clients[index]!;
    const subject = `u-${uuidv7()}`;
    const { sid } = await startFamily(app, client, { subject });
    return new Life(client, policy, subject, sid, new FamilyModel(policy, app.clock.now()));
  }

  async act(taken: Action): Promise<void> {
    switch (taken.does) {
      case 'advance':
        app.clock.advance(taken.milliseconds);
        return this.model.advance(taken.milliseconds);
      case 'refresh':
        return this.refresh(taken.age, taken.scope);
      case 'rotations':
        for (let round = 0; round < taken.times; round++) await this.refresh(0, undefined);
        return;
      case 'burst':
        return this.burst(taken.age, taken.size);
      case 'cross':
        return this.cross(taken.size);
      case 'revoke':
        expect((await revoke(app, this.client, await this.token(0))).status).toBe(200);
        this.model.revoked = true;
        return;
      case 'race_with_revoke':
        return this.raceWithRevoke();
      case 'disable':
      case 'enable':
        await setSubjectDisabled(app, this.subject, taken.does === 'disable');
        this.model.subjectDisabled = taken.does === 'disable';
    }
  }

  /** The invariants after each step: the row equals the model, and at most one token is valid. */
  async check(): Promise<void> {
    const row = await familyRow(app, this.sid);
    expect({ generation: row.generation, revoked: row.revoked_at !== null }).toEqual({
      generation: this.model.generation,
      revoked: this.model.revoked,
    });
    expect(row.rotated_at.length).toBe(Math.min(8, row.generation));
  }

  /** Checks all generations, at the end only because it takes a while. */
  async checkLiveTokens(): Promise<void> {
    expect(await liveTokens(app, this.client, this.sid)).toEqual(this.model.isAlive ? [await this.token(0)] : []);
  }

  private async refresh(back: number, scope: string[] | undefined): Promise<void> {
    const generation = Math.max(0, this.model.generation - back);
    const answer = await this.request(generation, scope);
    this.expectOneOf(answer, [this.model.refresh(generation, scope)]);
  }

  private async burst(back: number, size: number): Promise<void> {
    const generation = Math.max(0, this.model.generation - back);
    const answers = await Promise.all(Array.from({ length: size }, () => this.request(generation)));
    const expected = Array.from({ length: size }, () => this.model.refresh(generation));
    // In either order, the outcome equals that of the model in sequence.
    const byStatus = (one: { status: number }, two: { status: number }) => one.status - two.status;
    answers
      .toSorted(byStatus)
      .forEach((answer, index) => this.expectOneOf(answer, [expected.toSorted(byStatus)[index]!]));
  }

  /** Either may come first: the predecessor is a retry, or superseded twice over by then. */
  private async cross(size: number): Promise<void> {
    const { generation, isAlive } = this.model;
    if (generation === 0) return;
    const answers = await Promise.all(
      Array.from({ length: size }, () => [this.request(generation), this.request(generation - 1)]).flat(),
    );
    const [current, predecessor] = [0, 1].map((odd) => answers.filter((_, index) => index % 2 === odd));
    const before = this.model.refresh(generation - 1);
    if (this.model.revoked && isAlive) {
      // A reuse concurrent with rotations: those came before it or not at all.
      this.model.generation = (await familyRow(app, this.sid)).generation;
      return predecessor!.forEach((answer) => this.expectOneOf(answer, [before]));
    }
    const rotated = Array.from({ length: size }, () => this.model.refresh(generation));
    current!.forEach((answer) => this.expectOneOf(answer, rotated));
    predecessor!.forEach((answer) => this.expectOneOf(answer, [before, { status: 400, error: 'invalid_grant' }]));
  }

  private async raceWithRevoke(): Promise<void> {
    const { generation } = this.model;
    const token = await this.token(0);
    const [answer, revoked] = await Promise.all([this.request(generation), revoke(app, this.client, token)]);
    expect(revoked.status).toBe(200);
    this.expectOneOf(answer, [this.model.refresh(generation), { status: 400, error: 'invalid_grant' }]);
    if (answer.status !== 200) this.model.generation = generation;
    this.model.revoked = true;
  }

  private expectOneOf(answer: Answer, allowed: readonly Outcome[]): void {
    const { status, body } = answer;
    const seen: Outcome =
      status === 200
        ? { status, generation: generationOf(app, body.refresh_token), scope: body.scope }
        : { status: status as 400, error: body.error };
    expect(allowed).toContainEqual(seen);
    if (seen.status === 200) this.expectItsIdentity(seen.generation, body.access_token);
  }

  /** The access tokens of a generation have one `jti`, as long as the first of them is valid. */
  private expectItsIdentity(generation: number, accessToken: string): void {
    const { jti, iat } = decodeJwt(accessToken);
    const key = this.policy.retryWindowSeconds < 600 ? generation : NaN;
    const known = this.identities.get(key);
    if (known !== undefined) expect(jti).toBe(known);
    if (!Number.isNaN(key)) this.identities.set(key, jti!);
    expect(iat! * 1000).toBeLessThanOrEqual(app.clock.now());
  }

  private async request(generation: number, scope?: string[]): Promise<Answer> {
    const token = await tokenOf(app, this.sid, generation);
    return refresh(app, this.client, token, scope ? { scope: scope.join(' ') } : {});
  }

  private token(back: number): Promise<string> {
    return tokenOf(app, this.sid, this.model.generation - back);
  }
}

it('after any sequence of events a family answers as the model does', async () => {
  const isOver = timeLimit(20_000);
  const live = async (index: number, actions: Action[]): Promise<void> => {
    if (isOver()) return;
    const life = await Life.begin(index);
    for (const taken of actions) {
      await life.act(taken);
      await life.check();
    }
    await life.checkLiveTokens();
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(policies.length - 1), fc.array(action, { minLength: 3, maxLength: 25 }), live),
    { numRuns: 150 },
  );
}, 120_000);
