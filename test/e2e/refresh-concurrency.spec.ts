/** Concurrent requests. Each round sends many requests at once over real HTTP, and checks the invariants afterwards. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import {
  expectNoneLive,
  expectOneLive,
  familyRow,
  generationOf,
  liveTokens,
  tokenOf,
} from '../support/family-state.js';
import { introspect, refresh, revoke, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { FamilyModel, type Outcome, type Policy } from '../support/family-model.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { timeLimit } from '../support/time-limit.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => {
  jest.restoreAllMocks();
  expect(serverErrors(app)).toEqual([]);
});

const atOnce = <T>(count: number, request: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => request(index)));

const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
const successors = (answers: Answer[]) => new Set(answers.flatMap(({ body }) => body.refresh_token ?? []));

describe('the same token, many times at once', () => {
  it('[132] fifty identical concurrent refreshes get fifty answers with one successor, and one live token', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    const answers = await atOnce(50, () => refresh(app, client, refreshToken));
    expect(statuses(answers)).toEqual(Array(50).fill(200));
    expect(successors(answers).size).toBe(1);
    expect(new Set(answers.map(({ body }) => decodeJwt(body.access_token).jti)).size).toBe(1);
    expect((await familyRow(app, familyId)).generation).toBe(1);
    await expectOneLive(app, client, familyId);
  });

  it('[132] concurrent refreshes with different scopes share the successor, and each gets its own scope', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    const scopes = ['a', 'b', 'c', 'a b', 'a b c'];
    const answers = await atOnce(50, (index) => refresh(app, client, refreshToken, { scope: scopes[index % 5]! }));
    expect(answers.map(({ body }) => body.scope)).toEqual(Array.from({ length: 50 }, (_, index) => scopes[index % 5]));
    expect(successors(answers).size).toBe(1);
    await expectOneLive(app, client, familyId);
  });

  it('[132] concurrent refreshes work repeatedly, each round with the token of the last', async () => {
    const { refreshToken, familyId } = await startFamily(app, client);
    let token = refreshToken;
    for (let round = 1; round <= 10; round++) {
      const answers = await atOnce(10, () => refresh(app, client, token));
      expect(statuses(answers)).toEqual(Array(10).fill(200));
      [token] = [...successors(answers)] as [string];
      expect((await familyRow(app, familyId)).generation).toBe(round);
    }
    await expectOneLive(app, client, familyId);
  });

  it('[134] with a grace period of 0 exactly one of fifty wins; the others are refused, and the family stays valid', async () => {
    const strict = await confidentialClient(app, { retryWindowSeconds: 0 });
    for (let round = 0; round < 5; round++) {
      const { refreshToken, familyId } = await startFamily(app, strict);
      const answers = await atOnce(50, () => refresh(app, strict, refreshToken));
      const [winner, ...losers] = answers.toSorted((one, two) => one.status - two.status);
      expect(winner!.status).toBe(200);
      for (const loser of losers) expectError(loser, 400, 'invalid_grant');
      expect((await refresh(app, strict, winner!.body.refresh_token)).status).toBe(200);
      await expectOneLive(app, strict, familyId);
    }
  });

  it('[134] with a grace period of 0 a second use one second later is a reuse', async () => {
    const strict = await confidentialClient(app, { retryWindowSeconds: 0 });
    const { refreshToken, familyId } = await startFamily(app, strict);
    await refresh(app, strict, refreshToken);
    app.clock.advance(1001);
    expectError(await refresh(app, strict, refreshToken), 400, 'invalid_grant');
    await expectNoneLive(app, strict, familyId);
  });

  it('a superseded token presented many times at once revokes its family and nothing else', async () => {
    const [family, neighbour] = [await startFamily(app, client), await startFamily(app, client)];
    await refresh(app, client, family.refreshToken);
    app.clock.advanceSeconds(61);
    const answers = await atOnce(30, () => refresh(app, client, family.refreshToken));
    expect(statuses(answers)).toEqual(Array(30).fill(400));
    await expectNoneLive(app, client, family.familyId);
    await expectOneLive(app, client, neighbour.familyId);
  });
});

describe('[135] a refresh and a revocation at once', () => {
  it('a concurrent refresh and revocation leave no live token, in any order', async () => {
    for (let round = 0; round < 25; round++) {
      const { refreshToken, familyId } = await startFamily(app, client);
      const current = round % 2 ? (await refresh(app, client, refreshToken)).body.refresh_token : refreshToken;
      const requests = [
        () => refresh(app, client, current),
        () => revoke(app, client, current),
        () => refresh(app, client, refreshToken),
      ];
      const order = [0, 1, 2].map((index) => (index + round) % 3);
      const answers = await Promise.all(order.map((index) => requests[index]!()));
      expect(answers[order.indexOf(1)]!.status).toBe(200);
      await expectNoneLive(app, client, familyId);
      for (const { body } of answers) {
        if (!body.access_token) continue;
        expect((await introspect(app, client, body.access_token)).text).toBe('{"active":false}');
      }
    }
  });

  /** Completes the revocation after the statement of the refresh and before its answer: the narrowest race. */
  const overtaken = (method: 'rotate' | 'find', by: () => Promise<unknown>) => {
    const repository = app.nest.get(TokenFamilyRepository, { strict: false });
    const original = repository[method].bind(repository) as (...given: unknown[]) => Promise<never>;
    jest.spyOn(repository, method).mockImplementationOnce(async (...given: unknown[]) => {
      const result = await original(...given);
      app.clock.advance(5);
      await by();
      app.clock.advance(5);
      return result;
    });
  };

  it.each([
    ['a rotation', 'rotate', {}, 0],
    ['a use where tokens do not rotate', 'rotate', { rotation: 'never' }, 0],
    ['a retry', 'find', {}, 5],
    ['a retry when the first access token is over', 'find', { accessTokenTtlSeconds: 10 }, 11],
  ] as const)(
    '%s that a revocation overtakes hands out no live token',
    async (_what, method, policy, retryAfterSeconds) => {
      const as = await confidentialClient(app, policy);
      const { refreshToken, familyId } = await startFamily(app, as);
      if (method === 'find') await refresh(app, as, refreshToken);
      app.clock.advanceSeconds(retryAfterSeconds);
      let revoked = 0;
      overtaken(method, async () => (revoked = (await revoke(app, as, refreshToken)).status));
      const answer = await refresh(app, as, refreshToken);
      expect(revoked).toBe(200);
      expect(answer.status).toBe(200);
      expect((await introspect(app, as, answer.body.access_token)).text).toBe('{"active":false}');
      await expectNoneLive(app, as, familyId);
    },
  );
});

describe('[136] reuse and rotation of the leaf at once', () => {
  it('a concurrent reuse and rotation of the current token leave no live token', async () => {
    for (let round = 0; round < 25; round++) {
      const { refreshToken, familyId } = await startFamily(app, client);
      const { body } = await refresh(app, client, refreshToken);
      app.clock.advanceSeconds(61);
      const requests = [() => refresh(app, client, refreshToken), () => refresh(app, client, body.refresh_token)];
      if (round % 2) requests.reverse();
      const answers = await Promise.all(requests.map((request) => request()));
      expect(answers[round % 2]!.status).toBe(400);
      await expectNoneLive(app, client, familyId);
      for (const { body: given } of [...answers, { body }]) {
        if (given.access_token) expect((await introspect(app, client, given.access_token)).body.active).toBe(false);
      }
    }
  });
});

it('[145] a hundred subjects with twenty requests each get their own tokens and no others', async () => {
  const clients = await Promise.all([
    confidentialClient(app),
    confidentialClient(app, { accessTokenFormat: 'opaque' }),
    confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post' }),
    publicClient(app),
  ]);
  const scopes = ['a', 'a b', 'b c', 'a b c'];
  const sessions = await atOnce(100, async (index) => {
    const scope = scopes[(index >> 2) % 4]!;
    const as = clients[index % 4]!;
    return { as, scope, ...(await startFamily(app, as, { subject: `subject-${index}`, scope: scope.split(' ') })) };
  });
  const mismatches: unknown[] = [];
  for (let round = 0; round < 20; round += 5) {
    await atOnce(500, async (index) => {
      const session = sessions[index % 100]!;
      const { status, body } = await refresh(app, session.as, session.refreshToken);
      const claims =
        session.as === clients[1]
          ? (await introspect(app, clients[1], body.access_token)).body
          : decodeJwt(body.access_token);
      const seen = [status, claims.sub, claims.client_id, claims.family_id, claims.scope, body.scope];
      const right = [200, session.subject, session.as.clientId, session.familyId, session.scope, session.scope];
      if (JSON.stringify(seen) !== JSON.stringify(right)) mismatches.push({ seen, right });
    });
  }
  expect(mismatches).toEqual([]);
  for (const { familyId } of sessions) expect((await familyRow(app, familyId)).generation).toBe(1);
}, 60_000);

/**
 * Random sequences of events in a family's life, over real HTTP, compared with a model. On failure fast-check prints the seed and
 * the shortest failing sequence.
 */
describe('a family in random sequences of events', () => {
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
      private readonly familyId: string,
      private readonly model: FamilyModel,
    ) {}

    static async begin(index: number): Promise<Life> {
      const { client, policy } = clients[index]!;
      const subject = `u-${uuidv7()}`;
      const { familyId } = await startFamily(app, client, { subject });
      return new Life(client, policy, subject, familyId, new FamilyModel(policy, app.clock.now()));
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
      const row = await familyRow(app, this.familyId);
      expect({ generation: row.generation, revoked: row.revoked_at !== null }).toEqual({
        generation: this.model.generation,
        revoked: this.model.revoked,
      });
      expect(row.rotated_at.length).toBe(Math.min(8, row.generation));
    }

    /** Checks all generations, at the end only because it takes a while. */
    async checkLiveTokens(): Promise<void> {
      expect(await liveTokens(app, this.client, this.familyId)).toEqual(
        this.model.isAlive ? [await this.token(0)] : [],
      );
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
        this.model.generation = (await familyRow(app, this.familyId)).generation;
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
      const token = await tokenOf(app, this.familyId, generation);
      return refresh(app, this.client, token, scope ? { scope: scope.join(' ') } : {});
    }

    private token(back: number): Promise<string> {
      return tokenOf(app, this.familyId, this.model.generation - back);
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
});
