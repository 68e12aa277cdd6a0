/** The contract of the keys, run by one spec per database. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import * as jose from 'jose';
import type { DataSource } from 'typeorm';
import { Config } from '../../src/platform/config/config.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { signJws } from '../../src/keys/jws.js';
import { JWKS_MAX_AGE_SECONDS } from '../../src/keys/jwks.controller.js';
import { KeyInventory } from '../../src/keys/key-inventory.service.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { KeyRotation, type KeyChange } from '../../src/keys/key-rotation.service.js';
import { KeyRotationWorker } from '../../src/keys/key-rotation.worker.js';
import { KeyRepository, type StoredKeys } from '../../src/keys/key.repository.js';
import { WrongMasterKeyError } from '../../src/keys/master-key.js';
import { MasterKeys } from '../../src/keys/master-keys.service.js';
import { masterKeyOf, RootKey } from '../../src/keys/root-key.js';
import { RootKeyRepository } from '../../src/keys/root-key.repository.js';
import { SealedRootKeyEntity } from '../../src/keys/sealed-root-key.entity.js';
import { SigningKeyEntity } from '../../src/keys/signing-key.entity.js';
import { TokenKeyEntity } from '../../src/keys/token-key.entity.js';
import type { AuditService } from '../../src/platform/audit/audit.service.js';
import { TestClock } from '../support/test-clock.js';

export const keyEntities = [SigningKeyEntity, TokenKeyEntity, SealedRootKeyEntity];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Counts its calls, and can be made unavailable or slow. */
class ObservedStore extends KeyRepository {
  loads = 0;
  away = false;
  delay: Promise<void> | undefined;

  override async load(...args: Parameters<KeyRepository['load']>): Promise<StoredKeys> {
    this.loads += 1;
    if (this.away) throw new Error('the database is away');
    const { delay } = this;
    const keys = await super.load(...args);
    await delay;
    return keys;
  }
}

/** A resource server that caches the JWKS for as long as allowed. */
class CachingVerifier {
  private fetchedAt = -Infinity;
  private keys = jose.createLocalJWKSet({ keys: [] });
  failures = 0;
  successes = 0;

  constructor(
    private readonly clock: TestClock,
    private readonly fetchJwks: () => { keys: jose.JWK[] },
  ) {}

  forget(): void {
    this.fetchedAt = -Infinity;
  }

  async verify(token: string): Promise<void> {
    if (this.clock.now() - this.fetchedAt >= JWKS_MAX_AGE_SECONDS * 1000) {
      this.keys = jose.createLocalJWKSet(this.fetchJwks());
      this.fetchedAt = this.clock.now();
    }
    const good = await jose.compactVerify(token, this.keys).then(
      () => true,
      () => false,
    );
    this[good ? 'successes' : 'failures'] += 1;
  }
}

export function keyRingContract(openDatabase: () => Promise<DataSource>): void {
  let dataSource: DataSource;
  let clock: TestClock;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    dataSource = await openDatabase();
  }, 60_000);
  afterAll(() => dataSource.destroy());
  beforeEach(async () => {
    clock = new TestClock();
    await dataSource.query('TRUNCATE signing_keys, token_keys, sealed_root_keys');
  });

  const configure = (environment: NodeJS.ProcessEnv = {}): Config =>
    loadConfig({ NODE_ENV: 'test', REKEY_SECRET: 'Zt8wPq3LkX0vN5cYb7RmJ2dHs9GfAe4U', ...environment });

  const makeReplica = (config = configure(), itsClock = clock) => {
    const repository = new ObservedStore(
      dataSource.getRepository(SigningKeyEntity),
      dataSource.getRepository(TokenKeyEntity),
    );
    const rootKey = new RootKey(Buffer.from(config.secret));
    const ring = new KeyRing(repository, itsClock, rootKey, config);
    const worker = new KeyRotationWorker(ring, new KeyRotation(repository, itsClock, rootKey, config));
    return { repository, ring, worker };
  };

  const bootReplica = async (config?: Config, itsClock?: TestClock) => {
    const replica = makeReplica(config, itsClock);
    const changes = await replica.worker.run();
    return { ...replica, changes };
  };

  const kidsOf = ({ ring }: { ring: KeyRing }) => ring.jwks().keys.map(({ kid }) => kid);
  const count = async (table: string): Promise<number> => dataSource.manager.count(table);

  describe('at boot', () => {
    it('replicas that start together create one signing key per algorithm and one token key', async () => {
      const replicas = Array.from({ length: 6 }, () => makeReplica());
      const changes = await Promise.all(replicas.map(({ worker }) => worker.run()));
      expect([await count('signing_keys'), await count('token_keys')]).toEqual([2, 1]);
      expect(
        changes
          .flat()
          .map(({ change }) => change)
          .sort(),
      ).toEqual(['signing_key_created', 'signing_key_created', 'token_key_created']);
      for (const algorithm of [undefined, 'RS256'] as const) {
        expect(new Set(replicas.map(({ ring }) => ring.signingKey(algorithm).kid)).size).toBe(1);
      }
      expect(new Set(replicas.map(({ ring }) => ring.mintingTokenKey().key.toString('hex'))).size).toBe(1);
    });

    it('a replica that starts later creates nothing, and opens the same keys', async () => {
      const first = await bootReplica();
      const later = await bootReplica();
      expect(later.changes).toEqual([]);
      expect(later.ring.signingKey().privateKey.equals(first.ring.signingKey().privateKey)).toBe(true);
      expect(later.ring.tokenKey(0)).toEqual(first.ring.mintingTokenKey());
    });

    it('a start with another master key fails with an error that names the setting, and creates nothing', async () => {
      await bootReplica();
      const stranger = makeReplica(configure({ REKEY_SECRET: '4UeAfG9sHd2JmR7bYc5Nv0XkL3qPw8tZ' }));
      await expect(stranger.worker.onModuleInit()).rejects.toThrow(WrongMasterKeyError);
      await expect(stranger.worker.run()).rejects.toThrow('REKEY_SECRET is not the one this database was set up with');
      expect([await count('signing_keys'), await count('token_keys')]).toEqual([2, 1]);
    });

    it('a start fails if the row of one key has the private key of another', async () => {
      const { worker } = await bootReplica();
      await worker.rotateNow({ immediately: false });
      await dataSource.query(
        'UPDATE signing_keys SET encrypted_private_key = (SELECT encrypted_private_key FROM signing_keys ORDER BY active_from LIMIT 1)',
      );
      await expect(bootReplica()).rejects.toThrow(WrongMasterKeyError);
    });

    it('the database contains no key material in clear', async () => {
      const { ring } = await bootReplica(configure({ REKEY_SIGNING_ALGORITHM: 'EdDSA' }));
      const secrets = [
        ring.mintingTokenKey().key,
        Buffer.from(ring.signingKey().privateKey.export({ format: 'jwk' }).d!, 'base64url'),
      ];
      const [row] = await dataSource.query<{ sealed: Buffer }[]>(
        "SELECT s.encrypted_private_key || t.encrypted_key AS sealed FROM signing_keys s, token_keys t WHERE s.algorithm = 'EdDSA'",
      );
      for (const secret of secrets) {
        expect(secret).toHaveLength(32);
        expect(row!.sealed.includes(secret)).toBe(false);
      }
    });
  });

  describe('the JWKS', () => {
    it.each(['ES256', 'EdDSA', 'RS256', 'PS256'])(
      '[211] the JWKS has public members only, with kid, kty, use and alg (%s)',
      async (algorithm) => {
        const { ring } = await bootReplica(configure({ REKEY_SIGNING_ALGORITHM: algorithm }));
        const { keys } = ring.jwks();
        expect(keys.map(({ alg }) => alg).sort()).toEqual([...new Set([algorithm, 'RS256'])].sort());
        const jwk = keys.find(({ alg }) => alg === algorithm);
        expect(jwk).toMatchObject({ kid: ring.signingKey().kid, use: 'sig', alg: algorithm, kty: expect.any(String) });
        expect(jwk!.kid).toBe(await jose.calculateJwkThumbprint(jwk!));
        const known = ['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y'];
        expect(Object.keys(jwk!).filter((member) => !known.includes(member))).toEqual([]);
      },
    );

    it('[212] a verifier that caches the JWKS for max-age sees no failure across a rotation, with clock differences between replicas', async () => {
      const config = configure({ REKEY_KEY_ROTATION_DAYS: '30' });
      const slowClock = new TestClock(clock.now() - 30_000);
      const replicas = [await bootReplica(config), await bootReplica(config, slowClock)];
      // One for every minute at which a copy may have been fetched, half of them from each replica.
      const verifiers = Array.from(
        { length: 6 },
        (_, index) => new CachingVerifier(clock, () => replicas[index % 2]!.ring.jwks()),
      );
      const signed = new Map<string, { token: string; at: number }>();
      const pass = async (ms: number) => {
        clock.advance(ms);
        slowClock.advance(ms);
        for (const { worker } of replicas) await worker.run();
        for (const { ring } of replicas) {
          for (const key of [ring.signingKey(), ring.signingKey('RS256')]) {
            signed.set(key.kid, { token: await signJws('at+jwt', { sub: 'user-1' }, key), at: clock.now() });
          }
        }
        // The last token of each key, for as long as an access token may live.
        const living = [...signed.values()].filter(({ at }) => clock.now() <= at + DAY);
        for (const verifier of verifiers) for (const { token } of living) await verifier.verify(token);
      };

      await pass(30 * DAY - 70 * MINUTE);
      for (const verifier of verifiers) {
        verifier.forget();
        await pass(MINUTE / 2);
      }
      for (let step = 0; step < 150; step++) await pass(MINUTE / 2);
      expect(signed.size).toBe(4);
      for (let step = 0; step < 30; step++) await pass(HOUR);
      expect(verifiers.map(({ failures }) => failures)).toEqual(verifiers.map(() => 0));
      expect(verifiers.every(({ successes }) => successes > 100)).toBe(true);
      const { ring } = replicas[0]!;
      expect(kidsOf({ ring }).sort()).toEqual([ring.signingKey().kid, ring.signingKey('RS256').kid].sort());
    });

    it('[212] a verifier with a cached JWKS fails after an emergency rotation until its copy expires', async () => {
      const replica = await bootReplica();
      const verifier = new CachingVerifier(clock, () => replica.ring.jwks());
      await verifier.verify(await signJws('at+jwt', {}, replica.ring.signingKey()));
      clock.advance(1);
      await replica.worker.rotateNow({ immediately: true });
      await verifier.verify(await signJws('at+jwt', {}, replica.ring.signingKey()));
      expect(verifier).toMatchObject({ successes: 1, failures: 1 });
      clock.advance(JWKS_MAX_AGE_SECONDS * 1000);
      await verifier.verify(await signJws('at+jwt', {}, replica.ring.signingKey()));
      expect(verifier).toMatchObject({ successes: 2, failures: 1 });
    });
  });

  describe('rotation', () => {
    it('a scheduled key is published an hour before it signs, and kept until its last token expires', async () => {
      const replica = await bootReplica(configure({ REKEY_KEY_ROTATION_DAYS: '30' }));
      const first = replica.ring.signingKey().kid;
      clock.advance(30 * DAY - HOUR - 1);
      expect(await replica.worker.run()).toEqual([]);
      const firstRsa = replica.ring.signingKey('RS256').kid;
      clock.advance(1);
      const [created, createdRsa] = await replica.worker.run();
      expect([created, createdRsa]).toMatchObject([
        { change: 'signing_key_created', algorithm: 'ES256', activeFrom: clock.now() + HOUR },
        { change: 'signing_key_created', algorithm: 'RS256', activeFrom: clock.now() + HOUR },
      ]);
      expect(kidsOf(replica)).toHaveLength(4);
      clock.advance(HOUR - 1);
      expect([replica.ring.signingKey().kid, replica.ring.signingKey('RS256').kid]).toEqual([first, firstRsa]);
      clock.advance(1);
      const [second, secondRsa] = [replica.ring.signingKey().kid, replica.ring.signingKey('RS256').kid];
      expect([created, createdRsa]).toMatchObject([{ kid: second }, { kid: secondRsa }]);
      clock.advance(DAY + 5 * MINUTE - 1);
      await replica.worker.run();
      expect(kidsOf(replica).sort()).toEqual([first, firstRsa, second, secondRsa].sort());
      expect(replica.ring.verificationKey(first)?.kid).toBe(first);
      clock.advance(1);
      expect(replica.ring.verificationKey(first)).toBeUndefined();
      const gone = (await replica.worker.run()) as { change: string; kid: string }[];
      expect(gone.map(({ change }) => change)).toEqual(['signing_key_deleted', 'signing_key_deleted']);
      expect(gone.map(({ kid }) => kid).sort()).toEqual([first, firstRsa].sort());
      expect(await count('signing_keys')).toBe(2);
    });

    it('a rotation due on all replicas at once creates one key per algorithm', async () => {
      const replicas = await Promise.all(Array.from({ length: 6 }, () => bootReplica()));
      clock.advance(90 * DAY);
      const changes = await Promise.all(replicas.map(({ worker }) => worker.run()));
      expect(
        changes
          .flat()
          .map(({ change }) => change)
          .sort(),
      ).toEqual(['signing_key_created', 'signing_key_created', 'token_key_created']);
      expect([await count('signing_keys'), await count('token_keys')]).toEqual([4, 2]);
    });

    it('two concurrent rotation requests publish one next key per algorithm', async () => {
      const [one, other] = [await bootReplica(), await bootReplica()];
      const changes = await Promise.all([one, other].map(({ worker }) => worker.rotateNow({ immediately: false })));
      expect(changes.flat()).toMatchObject([
        { change: 'signing_key_created', algorithm: 'ES256', activeFrom: clock.now() + HOUR },
        { change: 'signing_key_created', algorithm: 'RS256', activeFrom: clock.now() + HOUR },
      ]);
      expect(await one.worker.rotateNow({ immediately: false })).toEqual([]);
      expect(await count('signing_keys')).toBe(4);
    });

    it('a rotation of one algorithm does not affect the key of another', async () => {
      const { ring, worker } = await bootReplica();
      const [first, firstRsa] = [ring.signingKey().kid, ring.signingKey('RS256').kid];
      clock.advance(1);
      const changes = await worker.rotateNow({ immediately: true, algorithm: 'RS256' });
      expect(changes).toMatchObject([{ change: 'signing_key_created', algorithm: 'RS256' }]);
      expect(ring.signingKey().kid).toBe(first);
      expect(ring.signingKey('RS256').kid).not.toBe(firstRsa);
      expect(await worker.rotateNow({ immediately: true, algorithm: 'PS256' })).toEqual([]);
    });

    it('a database with only an ES256 key signs ID tokens with RS256 at once, and access tokens as before', async () => {
      const { ring: before } = await bootReplica();
      await dataSource.query("DELETE FROM signing_keys WHERE algorithm = 'RS256'");
      clock.advance(DAY);
      const { ring, changes } = await bootReplica();
      expect(changes).toMatchObject([{ algorithm: 'RS256', activeFrom: clock.now() + HOUR }]);
      expect(ring.signingKey('RS256').algorithm).toBe('RS256');
      expect(kidsOf({ ring })).toContain(ring.signingKey('RS256').kid);
      expect(ring.signingKey().kid).toBe(before.signingKey().kid);
    });

    it('an immediate rotation signs with the new key at once, and with the published next key if there is one', async () => {
      const { ring, worker } = await bootReplica();
      const first = ring.signingKey().kid;
      clock.advance(1);
      const [created] = await worker.rotateNow({ immediately: true });
      expect(ring.signingKey().kid).not.toBe(first);
      expect(created).toEqual({
        change: 'signing_key_created',
        algorithm: 'ES256',
        kid: ring.signingKey().kid,
        activeFrom: clock.now(),
      });
      const [next] = (await worker.rotateNow({ immediately: false })) as [KeyChange & { kid: string }];
      clock.advance(1);
      expect(await worker.rotateNow({ immediately: true })).toMatchObject([
        { change: 'signing_key_activated', algorithm: 'ES256', kid: next.kid },
        { change: 'signing_key_activated', algorithm: 'RS256' },
      ]);
      expect(ring.signingKey().kid).toBe(next.kid);
      expect(ring.verificationKey(first)?.kid).toBe(first);
    });

    it('after a change of the algorithm the old key signs until verifiers have the new one', async () => {
      const { ring: old } = await bootReplica();
      const replica = await bootReplica(configure({ REKEY_SIGNING_ALGORITHM: 'EdDSA' }));
      expect(replica.ring.signingKey().kid).toBe(old.signingKey().kid);
      expect(
        replica.ring
          .jwks()
          .keys.map(({ alg }) => alg)
          .sort(),
      ).toEqual(['ES256', 'EdDSA', 'RS256']);
      clock.advance(HOUR);
      expect(replica.ring.signingKey().algorithm).toBe('EdDSA');
    });

    it('after a change of the algorithm the inventory names the key that signs, also beside a retired one', async () => {
      const { ring: before, worker } = await bootReplica();
      const [first, rs256] = [before.signingKey(), before.signingKey('RS256')];
      await worker.rotateNow({ immediately: true, algorithm: 'ES256' });
      clock.advance(1);
      const rows = [
        [first.kid, 92, null],
        [before.signingKey().kid, 2, new Date(clock.now() - DAY)],
        [rs256.kid, 1, null],
      ] as const;
      for (const [kid, days, retiredAt] of rows) {
        const activeFrom = new Date(clock.now() - days * DAY);
        await dataSource.manager.update(SigningKeyEntity, { kid }, { activeFrom, retiredAt });
      }
      const config = configure({ REKEY_SIGNING_ALGORITHM: 'EdDSA' });
      const { ring, repository } = await bootReplica(config);
      const entries = await new KeyInventory(repository, clock, config).list();
      const listed = entries.filter(({ state, algorithm }) => state === 'signing' && algorithm === 'ES256');
      expect(listed.map(({ kid }) => kid)).toEqual([first.kid]);
      expect(ring.signingKey().kid).toBe(first.kid);
    });

    it('an algorithm without a key falls back to RS256', async () => {
      await bootReplica();
      const { ring } = await bootReplica(configure({ REKEY_SIGNING_ALGORITHM: 'EdDSA' }));
      for (const algorithm of ['ES256', 'PS256', 'RS256'] as const) {
        expect(ring.signingKey(algorithm).algorithm).toBe('RS256');
      }
      expect(ring.signingKey('EdDSA').algorithm).toBe('EdDSA');
    });

    it('[214] no kid is reused, however often keys rotate', async () => {
      const { worker, ring } = await bootReplica();
      const kids = [ring.signingKey().kid];
      for (let rotation = 0; rotation < 12; rotation++) {
        clock.advance(2 * DAY);
        await worker.rotateNow({ immediately: true, algorithm: 'ES256' });
        await worker.run();
        kids.push(ring.signingKey().kid);
      }
      expect(await count('signing_keys')).toBe(3);
      expect(new Set(kids).size).toBe(13);
    });
  });

  describe('a leaked key that is retired', () => {
    it('a retired key is neither published nor accepted: here at once, elsewhere after the next reload', async () => {
      const [here, elsewhere] = [await bootReplica(), await bootReplica()];
      const leaked = here.ring.signingKey().kid;
      const changes = await here.worker.retire(leaked);
      expect(changes).toMatchObject([
        { change: 'signing_key_retired', kid: leaked },
        { change: 'signing_key_created', activeFrom: clock.now() },
      ]);
      expect(here.ring.verificationKey(leaked)).toBeUndefined();
      expect(kidsOf(here).sort()).toEqual([here.ring.signingKey().kid, here.ring.signingKey('RS256').kid].sort());
      await elsewhere.worker.run();
      expect(elsewhere.ring.verificationKey(leaked)).toBeUndefined();
      expect(kidsOf(elsewhere)).toEqual(kidsOf(here));
    });

    it('a retired key stays retired across a restart, and its row is deleted when its tokens have expired', async () => {
      const { ring, worker } = await bootReplica();
      const leaked = ring.signingKey().kid;
      await worker.retire(leaked);
      const later = await bootReplica();
      expect(later.ring.verificationKey(leaked)).toBeUndefined();
      expect(await later.worker.retire(leaked)).toEqual([]);
      clock.advance(DAY + 5 * MINUTE);
      expect(await later.worker.run()).toEqual([{ change: 'signing_key_deleted', kid: leaked }]);
    });

    it('a retired key does not come back with a reload that began before the retirement', async () => {
      const { ring, repository, worker } = await bootReplica();
      const leaked = ring.signingKey().kid;
      let arrive = (): void => undefined;
      repository.delay = new Promise((resolve) => (arrive = resolve));
      const slow = ring.reload();
      repository.delay = undefined;
      await worker.retire(leaked);
      arrive();
      await slow;
      expect(ring.verificationKey(leaked)).toBeUndefined();
    });

    it('retiring an unknown key has no effect', async () => {
      const { worker } = await bootReplica();
      expect(await worker.retire('nobody')).toEqual([]);
    });

    it('a key retired by all replicas at once is replaced by one key', async () => {
      const replicas = await Promise.all(Array.from({ length: 4 }, () => bootReplica()));
      const leaked = replicas[0]!.ring.signingKey().kid;
      const changes = await Promise.all(replicas.map(({ worker }) => worker.retire(leaked)));
      expect(changes.flat()).toHaveLength(2);
      expect(await count('signing_keys')).toBe(3);
    });
  });

  describe('reading a token', () => {
    it('reading a token with a known key is synchronous, without a database read', async () => {
      const { ring, repository } = await bootReplica();
      const { kid } = ring.signingKey();
      const before = repository.loads;
      expect(ring.reading((keys) => keys.verificationKey(kid)?.kid)).toBe(kid);
      expect(ring.reading((keys) => keys.tokenKey(0)?.id)).toBe(0);
      expect(repository.loads).toBe(before);
    });

    it('reading a token with a key that another replica has just created succeeds', async () => {
      const [here, elsewhere] = [await bootReplica(), await bootReplica()];
      await elsewhere.worker.rotateNow({ immediately: true });
      clock.advance(1);
      const { kid } = elsewhere.ring.signingKey();
      expect(here.ring.verificationKey(kid)).toBeUndefined();
      expect(await here.ring.reading((keys) => keys.verificationKey(kid)?.kid)).toBe(kid);
      expect(here.ring.verificationKey(kid)?.kid).toBe(kid);
    });

    it('[214] reading tokens with unknown keys fails, and costs one database read per second', async () => {
      const { ring, repository } = await bootReplica();
      const before = repository.loads;
      const attempt = async (kid: string) => ring.reading((keys) => keys.verificationKey(kid) ?? keys.tokenKey(255));
      for (let round = 0; round < 3; round++) {
        const found = await Promise.all(Array.from({ length: 50 }, (_, index) => attempt(`nobody-${index}`)));
        expect(found.filter((key) => key !== undefined)).toEqual([]);
        clock.advance(400);
      }
      expect(repository.loads - before).toBe(1);
      clock.advance(200);
      await attempt('nobody');
      expect(repository.loads - before).toBe(2);
    });

    it('with the database away, reading uses the loaded keys, and fails only for unknown ones', async () => {
      const { ring, repository, worker } = await bootReplica();
      const { kid } = ring.signingKey();
      repository.away = true;
      await expect(worker.run()).rejects.toThrow('away');
      expect(ring.reading((keys) => keys.verificationKey(kid)?.kid)).toBe(kid);
      await expect(ring.reading((keys) => keys.verificationKey('unknown'))).rejects.toThrow('away');
    });
  });

  describe('token keys', () => {
    it('the next token key is known a minute before it mints, and the old one still verifies', async () => {
      const { ring, worker } = await bootReplica();
      const first = ring.mintingTokenKey();
      clock.advance(90 * DAY);
      expect(await worker.run()).toContainEqual({
        change: 'token_key_created',
        id: 1,
        activeFrom: clock.now() + MINUTE,
      });
      clock.advance(MINUTE - 1);
      expect(ring.mintingTokenKey()).toBe(first);
      clock.advance(1);
      expect(ring.mintingTokenKey().id).toBe(1);
      expect(ring.tokenKey(0)).toBe(first);
    });

    it('a token key is deleted when its last family can be gone, and its id goes to another', async () => {
      const { ring, worker } = await bootReplica();
      const { ring: asleep } = await bootReplica();
      const first = ring.mintingTokenKey();
      clock.advance(90 * DAY);
      await worker.run();
      clock.advance(3650 * DAY);
      await worker.run();
      expect(ring.tokenKey(0)).toBe(first);
      clock.advance(12 * DAY);
      const changes = await worker.run();
      expect(changes).toContainEqual({ change: 'token_key_deleted', id: 0 });
      expect(ring.tokenKey(0)).toBeUndefined();
      clock.advance(90 * DAY);
      await worker.run();
      expect(ring.tokenKey(0)).toBeDefined();
      expect(ring.tokenKey(0)).not.toEqual(first);
      await asleep.reload();
      expect(asleep.tokenKey(0)).toEqual(ring.tokenKey(0));
    });
  });

  describe('the master key', () => {
    const [OLD, NEW, OTHER] = [
      'Zt8wPq3LkX0vN5cYb7RmJ2dHs9GfAe4U',
      'Nb7RmJ2dHs9GfAe4UZt8wPq3LkX0vN5c',
      '4UeAfG9sHd2JmR7bYc5Nv0XkL3qPw8tZ',
    ];
    const ADMIN = { actor: 'admin:test' };

    const masterKeysOf = (secret: string, previous?: string) => {
      const audit = { append: async () => undefined } as unknown as AuditService;
      const { repository } = makeReplica();
      const config = configure({ REKEY_SECRET: secret, ...(previous && { REKEY_SECRET_PREVIOUS: previous }) });
      const boxes = new RootKeyRepository(dataSource.getRepository(SealedRootKeyEntity));
      return new MasterKeys(boxes, repository, audit, clock, config);
    };

    const opened = async (secret: string, previous?: string) =>
      (await masterKeysOf(secret, previous).openRootKey()).derive('form-token').toString('hex');

    const idsOf = async (secret: string) => (await masterKeysOf(secret).list()).map(({ id }) => id);

    it('processes that start together on a new database have one root key, which is random', async () => {
      const keys = await Promise.all(Array.from({ length: 6 }, () => opened(OLD)));
      expect(new Set(keys).size).toBe(1);
      expect(keys[0]).not.toBe(new RootKey(Buffer.from(OLD)).derive('form-token').toString('hex'));
      expect(await count('sealed_root_keys')).toBe(1);
    });

    it('processes with two master keys that start together on a new database never get two root keys', async () => {
      const starts = await Promise.allSettled([OLD, NEW, OLD, NEW].map((secret) => opened(secret)));
      const done = starts.filter((start) => start.status === 'fulfilled').map(({ value }) => value);
      expect(new Set(done).size).toBe(1);
      expect(done).toHaveLength(2);
      expect(await count('sealed_root_keys')).toBe(1);
    });

    it('a database from before root keys keeps its keys, also if the master key is changed at once', async () => {
      const { worker } = makeReplica(configure({ REKEY_SECRET: OLD }));
      await worker.run();
      await expect(opened(OTHER)).rejects.toThrow(WrongMasterKeyError);
      await expect(opened(NEW, OTHER)).rejects.toThrow(WrongMasterKeyError);
      expect(await count('sealed_root_keys')).toBe(0);
      const root = new RootKey(Buffer.from(OLD)).derive('form-token').toString('hex');
      expect(await opened(NEW, OLD)).toBe(root);
      expect(await opened(NEW)).toBe(root);
      await expect(opened(OLD)).rejects.toThrow(WrongMasterKeyError);
      expect(await opened(OLD, NEW)).toBe(root);
    });

    it('a change opens the database with both master keys, until the old one is retired', async () => {
      const root = await opened(OLD);
      await expect(opened(NEW)).rejects.toThrow('REKEY_SECRET_PREVIOUS');
      const starts = await Promise.all([
        opened(NEW, OLD),
        opened(OLD),
        opened(NEW, OLD),
        opened(OLD),
        opened(NEW, OLD),
      ]);
      expect(new Set([root, ...starts]).size).toBe(1);
      const masterKeys = masterKeysOf(NEW);
      const [old, now] = await masterKeys.list();
      expect([old!.isCurrent, now!.isCurrent]).toEqual([false, true]);
      expect(await masterKeys.retire('nobody', ADMIN)).toBe('unknown');
      expect(await masterKeys.retire(now!.id, ADMIN)).toBe('current');
      expect(await masterKeys.retire(old!.id, ADMIN)).toBe('retired');
      await expect(opened(OLD)).rejects.toThrow(WrongMasterKeyError);
      expect(await opened(NEW)).toBe(root);
    });

    it('two replicas that retire each other’s master key at once leave one that opens the database', async () => {
      for (let round = 0; round < 5; round++) {
        await dataSource.query('TRUNCATE sealed_root_keys');
        await opened(OLD);
        await opened(NEW, OLD);
        const [old, now] = (await idsOf(OLD)) as [string, string];
        const outcomes = await Promise.all([
          masterKeysOf(NEW).retire(old, ADMIN),
          masterKeysOf(OLD).retire(now, ADMIN),
        ]);
        expect(outcomes.sort()).toEqual(['locked_out', 'retired']);
        expect(await count('sealed_root_keys')).toBe(1);
      }
    });

    it('a box that was moved to the row of another master key does not open', async () => {
      await opened(OLD);
      const [old] = await idsOf(OLD);
      await dataSource.query('UPDATE sealed_root_keys SET master_key_id = $1', [masterKeyOf(NEW).id]);
      expect(old).toMatch(/^[0-9a-f]{16}$/);
      await expect(opened(NEW)).rejects.toThrow(WrongMasterKeyError);
    });
  });

  it('the entities match the migrations', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });
}
