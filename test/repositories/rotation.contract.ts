/** The contract of the rotation statement, run by one spec per database. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ClientEntity } from '../../src/clients/client.entity.js';
import { registrationDefaults } from '../../src/clients/client-registration.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { judge } from '../../src/refresh/rotation.js';
import { Rotations } from '../../src/refresh/rotations.service.js';
import { TokenFamilyEntity } from '../../src/families/token-family.entity.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import type { Presented } from '../../src/refresh/rotation.js';
import { SubjectEntity } from '../../src/users/subject.entity.js';
import { TEST_SECRET } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

export const rotationEntities = [ClientEntity, TokenFamilyEntity, SubjectEntity];

export const NOW = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;
const AUDIENCE = ['https://a.test', 'https://b.test', 'https://c.test'];

export const storeOn = (dataSource: DataSource, audit: 'on' | 'off' = 'on'): TokenFamilyRepository =>
  new TokenFamilyRepository(
    dataSource.getRepository(TokenFamilyEntity),
    loadConfig({ NODE_ENV: 'test', REKEY_SECRET: TEST_SECRET, REKEY_AUDIT: audit }),
  );

/** @returns its id */
export async function insertClient(dataSource: DataSource, overrides: Partial<ClientEntity> = {}): Promise<string> {
  const client: ClientEntity = {
    ...registrationDefaults,
    clientId: uuidv7(),
    name: 'A client',
    type: 'confidential',
    scopes: ['a', 'b', 'c'],
    audience: AUDIENCE,
    longestAccessTokenTtlSeconds: 600,
    createdAt: new Date(NOW),
    updatedAt: new Date(NOW),
    disabledAt: null,
    deletedAt: null,
    ...overrides,
  };
  await dataSource.manager.insert(ClientEntity, client);
  return client.clientId;
}

type Family = Omit<TokenFamilyEntity, 'client'>;

export function aFamily(clientId: string, overrides: Partial<Family> = {}): Family {
  return {
    id: uuidv7(),
    familyId: uuidv7(),
    clientId,
    subject: 'u1',
    scope: ['a', 'b', 'c'],
    generation: 0,
    rotatedAt: [],
    fromAuthorizationCode: false,
    offline: true,
    sessionId: null,
    authTime: null,
    acr: null,
    amr: null,
    resource: [],
    claims: null,
    createdAt: new Date(NOW - HOUR),
    lastUsedAt: new Date(NOW - HOUR),
    idleExpiresAt: new Date(NOW + HOUR),
    absoluteExpiresAt: new Date(NOW + 10 * HOUR),
    revokedAt: null,
    revokedReason: null,
    ...overrides,
  };
}

export async function insertFamilies(dataSource: DataSource, ...families: Family[]): Promise<void> {
  await dataSource.manager.insert(TokenFamilyEntity, families);
}

export const entryOf = (family: Family, overrides: Partial<Presented> = {}): Presented => ({
  handle: family.id,
  generation: family.generation,
  clientId: family.clientId,
  scope: undefined,
  resource: undefined,
  correlationId: `of ${family.familyId}`,
  ...overrides,
});

export function rotationContract(open: () => Promise<DataSource>): void {
  let dataSource: DataSource;
  let store: TokenFamilyRepository;
  let clientId: string;

  beforeAll(async () => {
    dataSource = await open();
    store = storeOn(dataSource);
    clientId = await insertClient(dataSource);
  }, 60_000);
  afterAll(() => dataSource.destroy());

  async function started(overrides: Partial<Family> = {}): Promise<Family> {
    const family = aFamily(clientId, overrides);
    await insertFamilies(dataSource, family);
    return family;
  }

  const rowOf = ({ id }: Family) => dataSource.manager.findOneByOrFail(TokenFamilyEntity, { id });
  const eventsOf = ({ familyId }: Family) =>
    dataSource.query<{ event: string; correlation_id: string }[]>('SELECT * FROM audit_events WHERE family_id = $1', [
      familyId,
    ]);
  const disabledSubject = async (): Promise<string> => {
    const subject = uuidv7();
    await dataSource.manager.insert(SubjectEntity, { subject, updatedAt: new Date(NOW), disabledAt: new Date(NOW) });
    return subject;
  };

  describe('rotating', () => {
    it('a rotation moves a family to the next generation and returns its state', async () => {
      const family = await started({ generation: 4, rotatedAt: [new Date(NOW - HOUR)] });
      const [rotated] = await store.rotate([entryOf(family)], NOW);
      expect(rotated).toEqual({
        handle: family.id,
        familyId: family.familyId,
        subject: 'u1',
        generation: 5,
        rotates: true,
        scope: ['a', 'b', 'c'],
        clientScopes: ['a', 'b', 'c'],
        clientAudience: AUDIENCE,
        clientId,
        idleExpiresAt: NOW + 10 * HOUR,
        absoluteExpiresAt: NOW + 10 * HOUR,
        revokedReason: null,
        subjectDisabled: false,
        clientDisabled: false,
        retryWindowMs: 60_000,
        rotatedAt: [],
        at: NOW,
        grant: { offline: true, resource: [], claims: undefined, authentication: undefined },
      });
      expect(await rowOf(family)).toMatchObject({
        generation: 5,
        rotatedAt: [new Date(NOW), new Date(NOW - HOUR)],
        lastUsedAt: new Date(NOW),
        absoluteExpiresAt: family.absoluteExpiresAt,
        scope: ['a', 'b', 'c'],
      });
    });

    it('a rotation returns how the user authenticated, and the rest of the grant', async () => {
      const [sessionId, authTime] = [uuidv7(), new Date(NOW - 5 * HOUR)];
      const claims = { userinfo: ['email'] };
      const resource = ['https://a.test'];
      const family = await started({
        ...{ sessionId, authTime, acr: 'urn:x', amr: ['pwd', 'otp'] },
        ...{ offline: false, claims, resource },
      });
      const grant = {
        offline: false,
        resource,
        claims,
        authentication: { sessionId, authTime: authTime.getTime(), acr: 'urn:x', amr: ['pwd', 'otp'] },
      };
      expect((await store.rotate([entryOf(family)], NOW))[0]).toMatchObject({ grant });
      expect((await store.find([family.id]))[0]).toMatchObject({ grant });
    });

    it('generation 0 of a family with a code rotates whatever the client’s policy, and once', async () => {
      const never = await insertClient(dataSource, { rotation: 'never' });
      const family = await started({ clientId: never, fromAuthorizationCode: true });
      expect((await store.rotate([entryOf(family)], NOW))[0]).toMatchObject({ generation: 1, rotates: true });
      expect(await store.rotate([entryOf(family)], NOW)).toEqual([undefined]);
      const next = entryOf(family, { generation: 1 });
      expect((await store.rotate([next], NOW))[0]).toMatchObject({ generation: 1, rotates: false });
    });

    it.each([
      ['[250] a resource that was not granted does not rotate', ['https://a.test'], 'https://b.test', false],
      ['a granted resource rotates', ['https://a.test', 'https://b.test'], 'https://b.test', true],
      ['any resource rotates if the grant names none', [], 'https://b.test', true],
      ['[250] a resource outside the client’s audience does not rotate', [], 'https://d.test', false],
      [
        '[250] a resource that the client has lost does not rotate',
        ['https://a.test', 'https://d.test'],
        'https://d.test',
        false,
      ],
      ['the rest of the grant rotates', ['https://a.test', 'https://d.test'], null, true],
      ['[250] a grant without resources left does not rotate', ['https://d.test'], null, false],
    ])('%s', async (_title, resource, asked, rotates) => {
      const family = await started({ resource });
      const [rotated] = await store.rotate([entryOf(family, { resource: asked?.split(' ') })], NOW);
      expect(rotated !== undefined).toBe(rotates);
      expect(await rowOf(family)).toMatchObject({ generation: rotates ? 1 : 0 });
    });

    it('each generation rotates once: the same entry again changes nothing', async () => {
      const family = await started();
      expect((await store.rotate([entryOf(family)], NOW))[0]).toBeDefined();
      expect(await store.rotate([entryOf(family)], NOW)).toEqual([undefined]);
      expect(await store.rotateAlone(entryOf(family), NOW)).toBeUndefined();
      expect(await rowOf(family)).toMatchObject({ generation: 1 });
    });

    it('a single entry rotates like a batch', async () => {
      const [one, two] = [await started(), await started()];
      const [batched] = await store.rotate([entryOf(one)], NOW);
      const alone = await store.rotateAlone(entryOf(two), NOW);
      expect(alone).toEqual({ ...batched, handle: two.id, familyId: two.familyId });
      const columns = ['generation', 'rotatedAt', 'lastUsedAt', 'idleExpiresAt', 'scope'] as const;
      const [first, second] = [await rowOf(one), await rowOf(two)];
      for (const column of columns) expect(second[column]).toEqual(first[column]);
    });

    it('hundreds of entries are answered in their order, whatever the order of their keys', async () => {
      const families = Array.from({ length: 256 }, () => aFamily(clientId));
      await insertFamilies(dataSource, ...families);
      const shuffled = families.toSorted((one, two) => one.id.slice(-4).localeCompare(two.id.slice(-4)));
      const results = await store.rotate(
        shuffled.map((family) => entryOf(family)),
        NOW,
      );
      expect(results.map((rotated) => rotated?.familyId)).toEqual(shuffled.map(({ familyId }) => familyId));
      expect(results.every((rotated) => rotated?.generation === 1)).toBe(true);
    });

    it('a family remembers its last eight rotations, newest first', async () => {
      const family = await started();
      for (let round = 0; round < 10; round++) {
        await store.rotate([entryOf(family, { generation: round })], NOW + round);
      }
      const { rotatedAt } = await rowOf(family);
      expect(rotatedAt.map(Number)).toEqual([9, 8, 7, 6, 5, 4, 3, 2].map((round) => NOW + round));
    });

    it('[141] a rotation extends the idle end from the moment of use, but never beyond the absolute end', async () => {
      const ttl = fc.oneof(fc.constantFrom(60, 3650 * 86_400), fc.integer({ min: 60, max: 1_000_000 }));
      const left = fc.oneof(fc.constantFrom(1, 1000), fc.integer({ min: 1, max: 10 ** 11 }));
      await fc.assert(
        fc.asyncProperty(ttl, left, left, async (idleTtlSeconds, absoluteLeftMs, idleLeftMs) => {
          const of = await insertClient(dataSource, { idleTtlSeconds });
          const absoluteExpiresAt = new Date(NOW + absoluteLeftMs);
          const family = aFamily(of, {
            absoluteExpiresAt,
            idleExpiresAt: new Date(NOW + Math.min(idleLeftMs, absoluteLeftMs)),
          });
          await insertFamilies(dataSource, family);
          expect((await store.rotate([entryOf(family)], NOW))[0]).toMatchObject({
            absoluteExpiresAt: NOW + absoluteLeftMs,
          });
          const row = await rowOf(family);
          expect(row.absoluteExpiresAt).toEqual(absoluteExpiresAt);
          expect(row.idleExpiresAt.getTime()).toBe(NOW + Math.min(absoluteLeftMs, idleTtlSeconds * 1000));
        }),
        { numRuns: 50 },
      );
    });

    it.each([
      ['always', 'confidential', true],
      ['always', 'public', true],
      ['public_only', 'public', true],
      ['public_only', 'confidential', false],
      ['never', 'public', false],
      ['never', 'confidential', false],
    ] as const)('[122] with the policy %s a %s client’s tokens rotate: %p', async (rotation, type, rotates) => {
      const of = await insertClient(dataSource, { rotation, type });
      const family = await started({ clientId: of, generation: 3 });
      expect((await store.rotate([entryOf(family)], NOW))[0]).toMatchObject({ rotates, generation: rotates ? 4 : 3 });
      const row = await rowOf(family);
      expect(row.rotatedAt).toHaveLength(rotates ? 1 : 0);
      expect(row.lastUsedAt).toEqual(new Date(NOW));
    });

    it('sticky narrowing changes the family’s scope, only if a scope was requested', async () => {
      const of = await insertClient(dataSource, { scopeNarrowing: 'sticky' });
      const [asked, plain] = [aFamily(of), aFamily(of)];
      await insertFamilies(dataSource, asked, plain);
      await store.rotate([entryOf(asked, { scope: ['c', 'a'] }), entryOf(plain)], NOW);
      expect((await rowOf(asked)).scope).toEqual(['c', 'a']);
      expect((await rowOf(plain)).scope).toEqual(['a', 'b', 'c']);
    });
  });

  describe('entries that do not rotate', () => {
    it('an entry that does not rotate is left unchanged, beside others that do', async () => {
      const gone = await insertClient(dataSource, { deletedAt: new Date(NOW) });
      const disabled = await insertClient(dataSource, { disabledAt: new Date(NOW) });
      const families = {
        revoked: aFamily(clientId, { revokedAt: new Date(NOW), revokedReason: 'test' }),
        idle: aFamily(clientId, { idleExpiresAt: new Date(NOW) }),
        over: aFamily(clientId, { absoluteExpiresAt: new Date(NOW) }),
        subject: aFamily(clientId, { subject: await disabledSubject() }),
        disabled: aFamily(disabled),
        gone: aFamily(gone),
        old: aFamily(clientId, { generation: 7 }),
        foreign: aFamily(clientId),
        wide: aFamily(clientId, { scope: ['a', 'b'] }),
        lost: aFamily(clientId, { scope: ['x', 'y'] }),
        unknown: aFamily(clientId),
      };
      const { unknown, ...inserted } = families;
      await insertFamilies(dataSource, ...Object.values(inserted));
      const before = await Promise.all(Object.values(inserted).map(rowOf));
      const entries = [
        entryOf(families.revoked),
        entryOf(families.idle),
        entryOf(families.over),
        entryOf(families.subject),
        entryOf(families.disabled),
        entryOf(families.gone),
        entryOf(families.old, { generation: 6 }),
        entryOf(families.foreign, { clientId: gone }),
        entryOf(families.wide, { scope: ['a', 'c'] }),
        entryOf(families.lost),
        entryOf(unknown),
      ];
      const [first, last] = [await started(), await started()];
      const results = await store.rotate([entryOf(first), ...entries, entryOf(last)], NOW);
      expect(results.map((rotated) => rotated?.generation)).toEqual([1, ...entries.map(() => undefined), 1]);
      expect(await Promise.all(Object.values(inserted).map(rowOf))).toEqual(before);
      for (const entry of entries) expect(await store.rotateAlone(entry, NOW)).toBeUndefined();
      expect(await Promise.all(Object.values(inserted).map(rowOf))).toEqual(before);
    });

    it('the statement rotates an entry if and only if the rules call it rotatable', async () => {
      // Weighted, so that each verdict comes up in every run of this test.
      const scopes = fc.oneof(fc.constant<string[]>(['a', 'b', 'c']), fc.subarray(['a', 'b', 'c']));
      const resources = fc.oneof(fc.constant(AUDIENCE), fc.subarray(AUDIENCE));
      const later = Array.from({ length: 7 }, () => NOW + HOUR);
      const end = fc.constantFrom(NOW - 1, NOW, NOW + 1, ...later);
      const somebody = fc.record({
        clientScopes: scopes,
        clientAudience: resources,
        clientDisabled: fc.constantFrom(false, false, false, true),
        subjectDisabled: fc.constantFrom(false, false, false, true),
        scope: scopes,
        generation: fc.nat(2),
        idle: end,
        absolute: end,
        revoked: fc.constantFrom(false, false, false, true),
        presented: fc.nat(2),
        foreign: fc.constantFrom(false, false, false, true),
        asked: fc.option(fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }), { nil: undefined }),
        resource: fc.oneof(fc.constant<string[]>([]), resources),
        resourceAsked: fc.oneof(fc.constant(undefined), fc.subarray(AUDIENCE, { minLength: 1 })),
      });
      const someone = await disabledSubject();
      const verdicts = new Map<string, number>();
      type Somebody = typeof somebody extends fc.Arbitrary<infer T> ? T : never;
      const clientKeyOf = ({ clientScopes, clientAudience, clientDisabled }: Somebody): string =>
        `${clientScopes.join()} ${clientAudience.join()} ${clientDisabled}`;
      const agree = async (drawn: Somebody[]) => {
        const clients = new Map<string, string>();
        for (const of of drawn) {
          if (clients.has(clientKeyOf(of))) continue;
          const { clientScopes: scopes, clientAudience: audience, clientDisabled } = of;
          const disabledAt = clientDisabled ? new Date(NOW) : null;
          clients.set(clientKeyOf(of), await insertClient(dataSource, { scopes, audience, disabledAt }));
        }
        const families = drawn.map((of) =>
          aFamily(clients.get(clientKeyOf(of))!, {
            subject: of.subjectDisabled ? someone : 'u1',
            scope: of.scope,
            resource: of.resource,
            generation: of.generation,
            idleExpiresAt: new Date(of.idle),
            absoluteExpiresAt: new Date(of.absolute),
            revokedAt: of.revoked ? new Date(NOW - 1) : null,
          }),
        );
        await insertFamilies(dataSource, ...families);
        const entries = drawn.map(({ presented, foreign, asked, resourceAsked }, index) =>
          entryOf(families[index]!, {
            generation: presented,
            scope: asked,
            resource: resourceAsked,
            ...(foreign && { clientId }),
          }),
        );
        const snapshots = await store.find(families.map(({ id }) => id));
        const judged = entries.map((entry, index) => {
          const { asked: scope, resourceAsked: resource } = drawn[index]!;
          const presented = { generation: entry.generation, clientId: entry.clientId, scope, resource };
          return judge(snapshots[index], presented, NOW, NOW).verdict;
        });
        for (const verdict of judged) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
        const rotated = await store.rotate(entries, NOW);
        expect(rotated.map(Boolean)).toEqual(judged.map((verdict) => verdict === 'rotatable'));
      };
      await fc.assert(fc.asyncProperty(fc.array(somebody, { minLength: 20, maxLength: 60 }), agree), { numRuns: 80 });
      for (const verdict of [
        'rotatable',
        'scope_exceeded',
        'wrong_target',
        'ended',
        'client_mismatch',
        'reuse',
        'stale',
      ]) {
        expect(verdicts.get(verdict)).toBeGreaterThan(0);
      }
    });

    it('a generation beyond the range of a row does not rotate', async () => {
      const family = await started();
      expect(await store.rotate([entryOf(family, { generation: 2 ** 32 - 1 })], NOW)).toEqual([undefined]);
    });
  });

  describe('a snapshot', () => {
    it('snapshots come in the requested order, with repetitions; unknown ones are undefined', async () => {
      const [one, two] = [await started(), await started()];
      const snapshots = await store.find([two.id, uuidv7(), one.id, two.id]);
      expect(snapshots.map((snapshot) => snapshot?.familyId)).toEqual([
        two.familyId,
        undefined,
        one.familyId,
        two.familyId,
      ]);
    });

    it('a snapshot has everything that decides about a family', async () => {
      const of = await insertClient(dataSource, { disabledAt: new Date(NOW), scopes: ['a'], retryWindowSeconds: 7 });
      const family = await started({
        clientId: of,
        subject: await disabledSubject(),
        generation: 2,
        rotatedAt: [new Date(NOW - 5), new Date(NOW - 10)],
        revokedAt: new Date(NOW),
        revokedReason: 'test',
      });
      expect(await store.find([family.id])).toEqual([
        {
          handle: family.id,
          familyId: family.familyId,
          clientId: of,
          subject: family.subject,
          scope: ['a', 'b', 'c'],
          generation: 2,
          rotatedAt: [NOW - 5, NOW - 10],
          idleExpiresAt: NOW + HOUR,
          absoluteExpiresAt: NOW + 10 * HOUR,
          revokedReason: 'test',
          subjectDisabled: true,
          clientDisabled: true,
          clientScopes: ['a'],
          clientAudience: AUDIENCE,
          retryWindowMs: 7000,
          grant: { offline: true, resource: [], claims: undefined, authentication: undefined },
        },
      ]);
    });

    it('a snapshot of a family revoked without a reason says that it is revoked', async () => {
      const family = await started({ revokedAt: new Date(NOW) });
      expect((await store.find([family.id]))[0]).toMatchObject({ revokedReason: '' });
    });
  });

  describe('the audit event', () => {
    it('[120] each rotation has one audit event with its request’s correlation id, and other entries have none', async () => {
      const never = await insertClient(dataSource, { rotation: 'never' });
      const [rotated, renewed, refused] = [await started(), await started({ clientId: never }), await started()];
      await store.rotate([entryOf(rotated), entryOf(renewed), entryOf(refused, { generation: 9 })], NOW);
      expect(await eventsOf(rotated)).toMatchObject([
        {
          event: 'refresh.rotated',
          correlation_id: `of ${rotated.familyId}`,
          client_id: clientId,
          subject: 'u1',
          at: new Date(NOW),
          reason: null,
        },
      ]);
      expect(await eventsOf(renewed)).toMatchObject([{ event: 'refresh.renewed' }]);
      expect(await eventsOf(refused)).toEqual([]);
    });

    it('without auditing there is no event, and the rotation is the same', async () => {
      const quiet = await open();
      try {
        const family = aFamily(await insertClient(quiet));
        await insertFamilies(quiet, family);
        expect((await storeOn(quiet, 'off').rotate([entryOf(family)], NOW))[0]).toMatchObject({ generation: 1 });
        expect(await quiet.query('SELECT * FROM audit_events WHERE family_id = $1', [family.familyId])).toEqual([]);
      } finally {
        await quiet.destroy();
      }
    });

    it('if the event of an entry cannot be written, that entry does not rotate, and the others do', async () => {
      const clock = new TestClock();
      const batch = new Rotations(store, clock, new Metrics());
      const families = [await started(), await started(), await started()];
      await dataSource.query(
        `ALTER TABLE audit_events ADD CONSTRAINT refuses CHECK (correlation_id IS DISTINCT FROM 'refused')`,
      );
      try {
        const results = await Promise.allSettled(
          families.map((family, index) =>
            batch.rotate(`token ${index}`, entryOf(family, index === 1 ? { correlationId: 'refused' } : {})),
          ),
        );
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      } finally {
        await dataSource.query('ALTER TABLE audit_events DROP CONSTRAINT refuses');
      }
      const rows = await Promise.all(families.map(rowOf));
      expect(rows.map(({ generation }) => generation)).toEqual([1, 0, 1]);
      expect(await eventsOf(families[1]!)).toEqual([]);
    });
  });
}
