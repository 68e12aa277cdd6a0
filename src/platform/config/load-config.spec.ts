import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from './load-config.js';
import { settings } from './settings.js';

const SECRET = 'kT3vR9xW2mZ8qL5nB7cD4fG6hJ1pS0aY';
const ADMIN_SECRET = 'aY0pS1hJ6fG4cD7nB5qL8mZ2xW9vR3kT';
const POSTGRES = 'postgres://rekey:hunter2secret@db.internal:5432/rekey';
const REDIS = 'redis://:hunter3secret@cache.internal:6379';

const production = {
  NODE_ENV: 'production',
  REKEY_ISSUER: 'https://id.example.com',
  REKEY_SECRET: SECRET,
  REKEY_ADMIN_CLIENT_ID: 'admin',
  REKEY_ADMIN_CLIENT_SECRET: ADMIN_SECRET,
  REKEY_TRUSTED_PROXIES: '10.0.0.7',
  DATABASE_URL: POSTGRES,
  REDIS_URL: REDIS,
};

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The variables that stopped the start; each problem begins with its variable. */
const blamed = (environment: NodeJS.ProcessEnv) => problemsOf(environment).map((problem) => problem.split(' ')[0]);

describe('defaults', () => {
  it('an empty environment means embedded, on loopback', () => {
    expect(loadConfig({})).toMatchObject({
      environment: 'development',
      host: '127.0.0.1',
      port: 3000,
      issuer: 'http://127.0.0.1:3000',
      dataDir: './data',
      databaseUrl: undefined,
      redisUrl: undefined,
      migrateAtBoot: true,
      revocationCheck: 'tracker',
      signingAlgorithm: 'ES256',
      trustedProxies: [],
      audit: true,
    });
  });

  it('an empty setting counts as absent', () => {
    const config = loadConfig({});
    for (const { name } of Object.values(settings)) {
      expect({ name, config: loadConfig({ [name]: '' }) }).toEqual({ name, config });
    }
  });

  it.each([
    { environment: { HOST: '::1', PORT: '8080' }, issuer: 'http://[::1]:8080' },
    { environment: { REKEY_ISSUER: 'https://id.example.com/' }, issuer: 'https://id.example.com' },
    { environment: { REKEY_ISSUER: 'https://example.com/id' }, issuer: 'https://example.com/id' },
  ])('the issuer $issuer is derived', ({ environment, issuer }) => {
    expect(loadConfig(environment).issuer).toBe(issuer);
  });

  it.each([
    { environment: {}, check: 'tracker' },
    { environment: { ...production }, check: 'tracker' },
    { environment: { ...production, REKEY_REVOCATION_CHECK: 'database' }, check: 'database' },
    { environment: { ...production, REDIS_URL: '' }, check: 'database' },
    { environment: { ...production, REDIS_URL: '', REKEY_REVOCATION_CHECK: 'tracker' }, check: 'database' },
  ])('revocations are checked in the $check ($#)', ({ environment, check }) => {
    expect(loadConfig(environment).revocationCheck).toBe(check);
  });

  it('the list of trusted proxies may have spaces', () => {
    expect(loadConfig({ REKEY_TRUSTED_PROXIES: '10.0.0.7, fd00::/8,' }).trustedProxies).toEqual([
      '10.0.0.7',
      'fd00::/8',
    ]);
  });

  it.each([
    ['#ABC', '#aabbcc'],
    ['#0A0b0C', '#0a0b0c'],
  ])('the colour %s is read as %s', (given, colour) => {
    expect(loadConfig({ REKEY_BRAND_COLOR: given }).brandColor).toBe(colour);
  });

  it('a master key is generated only if none is given, embedded and outside production', () => {
    const made = (dataDir: string) => `made in ${dataDir}`;
    expect(loadConfig({ REKEY_DATA_DIR: '/srv/rekey' }, made).secret).toBe('made in /srv/rekey');
    expect(loadConfig({ REKEY_SECRET: SECRET }, made).secret).toBe(SECRET);
    expect(() => loadConfig({ ...production, REKEY_SECRET: '' }, made)).toThrow(ConfigError);
    expect(() => loadConfig({ DATABASE_URL: POSTGRES }, made)).toThrow(ConfigError);
  });

  it('the configuration is frozen', () => {
    const config = loadConfig({});
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });
});

describe('a value that cannot be read', () => {
  const unreadable = [
    { name: 'NODE_ENV', values: ['Production', 'staging', ' production'] },
    { name: 'PORT', values: ['http', '-1', '65536', '3e3', '0x50', '3000.5', ' '] },
    { name: 'REKEY_ISSUER', values: ['id.example.com', 'ftp://id.example.com', '/'] },
    {
      name: 'DATABASE_URL',
      values: ['mysql://db/rekey', 'localhost:5432', 'postgres://u:%ss@db/rekey', 'postgres://u:12/ss@db/rekey'],
    },
    { name: 'REDIS_URL', values: ['http://cache', 'cache:6379'] },
    { name: 'REKEY_DATABASE_POOL', values: ['0', '201', 'ten'] },
    { name: 'REKEY_MIGRATE_AT_BOOT', values: ['true', 'ON'] },
    { name: 'REKEY_REVOCATION_CHECK', values: ['redis'] },
    { name: 'REKEY_SIGNING_ALGORITHM', values: ['none', 'HS256', 'es256'] },
    { name: 'REKEY_KEY_ROTATION_DAYS', values: ['0', '1.5'] },
    { name: 'REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE', values: ['0', '-5'] },
    { name: 'REKEY_INTROSPECTIONS_PER_SECOND', values: ['0'] },
    { name: 'REKEY_AUDIT', values: ['false', 'no'] },
    { name: 'REKEY_AUDIT_RETENTION_DAYS', values: ['0', 'forever'] },
    { name: 'REKEY_FAMILY_RETENTION_DAYS', values: ['0'] },
    { name: 'REKEY_LOGIN_SESSION_HOURS', values: ['0', '8761', '1.5', 'P1D'] },
    { name: 'REKEY_LOGIN_SESSION_IDLE_HOURS', values: ['0', '8761'] },
    { name: 'REKEY_UPSTREAM_ISSUER', values: ['id.example.com', 'ftp://id.example.com'] },
    { name: 'REKEY_UPSTREAM_NAME', values: [' ', 'a\nb', 'x'.repeat(61), 'a\u202eb'] },
    { name: 'REKEY_BRAND_NAME', values: [' ', 'x'.repeat(61), 'two\nlines', 'a\u202Eb'] },
    { name: 'REKEY_BRAND_COLOR', values: ['blue', '3b63d6', '#3b63d', '#3b63d6ff', '#xyzxyz', 'red}body{'] },
    { name: 'REKEY_BRAND_LOGO', values: ['/nowhere/logo.svg', '.', 'package.json'] },
    { name: 'REKEY_LOG_LEVEL', values: ['verbose'] },
  ].flatMap(({ name, values }) => values.map((value) => ({ name, value })));

  it.each(unreadable)('an unreadable value stops the start: $name=$value', ({ name, value }) => {
    expect(blamed({ [name]: value })).toContain(name);
  });
});

describe('rules between settings', () => {
  it('a shared database needs a shared master key', () => {
    expect(blamed({ DATABASE_URL: POSTGRES })).toEqual(['REKEY_SECRET']);
  });

  it.each(['redis://:%25s%40s%2Fs@cache:6379/2', 'rediss://u:p@s@cache', 'redis://[::1]:6379/'])(
    '%s is accepted, because its password can be told from its host',
    (redis) => {
      expect(blamed({ ...production, REDIS_URL: redis })).toEqual([]);
    },
  );

  it.each(['postgres:///rekey?host=/run/postgresql', 'postgres://u:p%2Fs@db:5432/rekey?sslmode=verify-full'])(
    '%s is accepted as a database',
    (database) => {
      expect(blamed({ ...production, DATABASE_URL: database })).toEqual([]);
    },
  );

  it.each(['0.0.0.0', '::'])(
    'listening on %s needs an issuer, because clients cannot connect to that address',
    (host) => {
      expect(blamed({ HOST: host })).toEqual(['REKEY_ISSUER']);
      expect(blamed({ HOST: host, REKEY_ISSUER: 'http://192.0.2.1:3000' })).toEqual([]);
    },
  );

  it('Redis needs PostgreSQL', () => {
    expect(blamed({ REDIS_URL: REDIS })).toEqual(['REDIS_URL']);
  });

  it.each([{ REKEY_ADMIN_CLIENT_ID: 'admin' }, { REKEY_ADMIN_CLIENT_SECRET: ADMIN_SECRET }])(
    'half an admin client is an error (%j)',
    (half) => {
      expect(blamed(half)).toHaveLength(1);
    },
  );

  describe('the settings of an upstream provider', () => {
    const upstream = {
      REKEY_UPSTREAM_ISSUER: 'https://login.example.com/tenant',
      REKEY_UPSTREAM_CLIENT_ID: 'rekey',
      REKEY_UPSTREAM_CLIENT_SECRET: 'hunter4secret',
    };

    it('the upstream provider needs all three settings, or none', () => {
      expect(blamed(upstream)).toEqual([]);
      for (const name of Object.keys(upstream)) {
        expect(blamed({ ...upstream, [name]: '' })).toEqual([name]);
        const alone = { [name]: upstream[name as keyof typeof upstream] };
        expect(blamed(alone)).toEqual(Object.keys(upstream).filter((other) => other !== name));
      }
      expect(problemsOf({ REKEY_UPSTREAM_CLIENT_SECRET: 'hunter4secret' }).join()).not.toContain('hunter4');
    });

    it('the upstream provider’s name must not be empty, and its scope must have openid', () => {
      expect(blamed({ REKEY_UPSTREAM_NAME: 'Contoso' })).toEqual(['REKEY_UPSTREAM_NAME']);
      expect(loadConfig({ ...upstream, REKEY_UPSTREAM_NAME: ' Contoso 帳號 ' }).upstreamName).toBe('Contoso 帳號');
      expect(blamed({ ...upstream, REKEY_UPSTREAM_SCOPE: 'profile email' })).toEqual(['REKEY_UPSTREAM_SCOPE']);
      expect(blamed({ ...upstream, REKEY_UPSTREAM_SCOPE: 'openid' })).toEqual([]);
    });

    it.each(['https://a.example/?x=1', 'https://a.example/#', 'https://u:p@a.example', 'https://a.example/?'])(
      'the upstream issuer cannot be %s',
      (issuer) => {
        expect(blamed({ ...upstream, REKEY_UPSTREAM_ISSUER: issuer })).toEqual(['REKEY_UPSTREAM_ISSUER']);
      },
    );

    it.each([
      ['http://login.example.com', false, false],
      ['http://localhost:4000', false, false],
      ['http://127.0.0.1:4000', true, false],
      ['http://[::1]:4000/id', true, false],
      ['https://login.example.com/', true, true],
    ])('the upstream issuer %s is accepted: in development %s, in production %s', (issuer, development, live) => {
      const environment = { ...upstream, REKEY_UPSTREAM_ISSUER: issuer };
      expect(blamed(environment)).toEqual(development ? [] : ['REKEY_UPSTREAM_ISSUER']);
      expect(blamed({ ...production, ...environment })).toEqual(live ? [] : ['REKEY_UPSTREAM_ISSUER']);
    });
  });

  it.each(['https://id.example.com/?tenant=a', 'https://id.example.com/#a'])('the issuer %s is refused', (issuer) => {
    expect(blamed({ REKEY_ISSUER: issuer })).toEqual(['REKEY_ISSUER']);
  });

  it.each(['development', 'production'])('a weak master key is refused in %s', (environment) => {
    for (const weak of ['short', SECRET.slice(0, 31), 'ab'.repeat(32)]) {
      expect(blamed({ ...production, NODE_ENV: environment, REKEY_SECRET: weak })).toContain('REKEY_SECRET');
    }
  });
});

describe('[299] insecure configuration does not boot in production', () => {
  it('production starts with all required settings', () => {
    expect(loadConfig(production)).toMatchObject({ environment: 'production', issuer: 'https://id.example.com' });
  });

  it.each(['REKEY_ISSUER', 'REKEY_SECRET', 'REKEY_ADMIN_CLIENT_ID', 'REKEY_ADMIN_CLIENT_SECRET'])(
    'production requires %s',
    (name) => {
      expect(blamed({ ...production, [name]: undefined })).toEqual([name]);
      expect(blamed({ ...production, [name]: '' })).toEqual([name]);
    },
  );

  it.each([
    { name: 'REKEY_ISSUER', value: 'http://id.example.com' },
    { name: 'REKEY_SECRET', value: SECRET.slice(1) },
    { name: 'REKEY_ADMIN_CLIENT_SECRET', value: ADMIN_SECRET.slice(1) },
  ])('production refuses $name=$value', ({ name, value }) => {
    expect(blamed({ ...production, [name]: value })).toEqual([name]);
  });

  it('all problems are reported at once', () => {
    const environment = {
      NODE_ENV: 'production',
      REKEY_SECRET: 'short',
      PORT: 'http',
      REKEY_LOG_LEVEL: 'loud',
      REDIS_URL: REDIS,
    };
    const expected = [
      'PORT',
      'REKEY_LOG_LEVEL',
      'REKEY_SECRET',
      'REKEY_ISSUER',
      'REKEY_ADMIN_CLIENT_ID',
      'REKEY_ADMIN_CLIENT_SECRET',
      'REDIS_URL',
      'REKEY_TRUSTED_PROXIES',
    ];
    expect(new Set(blamed(environment))).toEqual(new Set(expected));
    const message = new ConfigError(problemsOf(environment)).message;
    for (const name of expected) expect(message).toContain(`  - ${name} `);
  });

  it('no problem contains a value, which may be a secret', () => {
    const canary = 'canary-4711';
    const environment = Object.fromEntries(Object.values(settings).map(({ name }) => [name, canary]));
    const inUrls = {
      ...production,
      REKEY_ISSUER: `http://user:${canary}@id.example.com/?${canary}`,
      DATABASE_URL: `mysql://rekey:${canary}@db/rekey`,
      REDIS_URL: `https://:${canary}@cache`,
    };
    for (const each of [environment, inUrls]) {
      expect(problemsOf(each).length).toBeGreaterThan(2);
      expect(problemsOf(each).join('\n')).not.toContain(canary);
    }
  });

  it.each([
    ['REKEY_ISSUER', 'https://h.example/#'],
    ['REKEY_ISSUER', 'https://h.example/?'],
    ['REKEY_ISSUER', 'https://user@h.example'],
    ['REKEY_ISSUER', ' https://h.example'],
    ['REKEY_ISSUER', 'HTTPS://h.example'],
    ['REKEY_ISSUER', 'https://H.example'],
    ['REKEY_TRUSTED_PROXIES', 'true'],
    ['REKEY_TRUSTED_PROXIES', '*'],
    ['REKEY_TRUSTED_PROXIES', 'nginx'],
    ['REKEY_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['REKEY_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['REKEY_TRUSTED_PROXIES', ''],
    ['REKEY_ADMIN_CLIENT_SECRET', 'a'.repeat(40)],
    ['REKEY_ADMIN_CLIENT_SECRET', production.REKEY_SECRET],
    ['REKEY_ADMIN_CLIENT_SECRET', `${ADMIN_SECRET}\n`],
    ['REKEY_ADMIN_CLIENT_SECRET', `${ADMIN_SECRET}ü`],
    ['REKEY_ADMIN_CLIENT_ID', 'an admin'],
    ['REKEY_ADMIN_CLIENT_ID', 'a:b'],
    ['REDIS_URL', 'redis://:%ss@cache'],
    ['REDIS_URL', 'redis://u:12/ss@cache'],
    ['REDIS_URL', 'redis://u:12#ss@cache'],
    ['REDIS_URL', 'redis://u:12?ss@cache'],
    ['REDIS_URL', 'redis://cache/main'],
    ['HOST', ' '],
  ])('%s=%j is not production', (name, value) => {
    expect(blamed({ ...production, [name]: value })).toEqual([name]);
  });

  it('an unreadable setting is reported only once', () => {
    expect(blamed({ ...production, DATABASE_URL: 'mysql://h/d', REDIS_URL: REDIS })).toEqual(['DATABASE_URL']);
    expect(blamed({ ...production, REKEY_ISSUER: 'id.example.com' })).toEqual(['REKEY_ISSUER']);
  });
});

describe('the home page settings', () => {
  it('the home page is on by default, and off in production', () => {
    expect(loadConfig({}).home).toBe('page');
    expect(loadConfig(production).home).toBe('none');
  });

  it.each(['page', 'none', 'https://www.example/', 'http://intranet/'])('the home page may be %s', (home) => {
    expect(loadConfig({ ...production, REKEY_HOME: home }).home).toBe(home);
  });

  it.each(['Page', 'javascript:alert(1)', '//evil.example', ' https://www.example/'])(
    'the home page may not be "%s"',
    (home) => {
      expect(blamed({ REKEY_HOME: home })).toEqual(['REKEY_HOME']);
    },
  );

  it('there may be several security contacts', () => {
    const contacts = ['mailto:security@example.com', 'tel:+886-2-1234', 'https://example.com/report'];
    expect(loadConfig({ REKEY_SECURITY_CONTACT: contacts.join(', ') }).securityContacts).toEqual(contacts);
  });

  it.each(['security@example.com', 'mailto:nobody', 'http://example.com/', 'tel:', 'mailto:a@b\nExpires: never'])(
    '"%s" is refused as a security contact',
    (contact) => {
      expect(blamed({ REKEY_SECURITY_CONTACT: contact })).toEqual(['REKEY_SECURITY_CONTACT']);
    },
  );
});
