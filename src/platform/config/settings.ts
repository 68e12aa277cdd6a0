/**
 * All settings of the service, with their environment variables. `.env.example` explains each, and a test compares the two
 * lists. Rules between settings are in `load-config.ts`.
 */
import { imageFile } from './image-file.js';
import {
  claimSources,
  contacts,
  credential,
  destinations,
  hexColour,
  home,
  hostName,
  integer,
  mailbox,
  networks,
  oneOf,
  processes,
  serverUrl,
  shortText,
  text,
  url,
  type Setting,
} from './setting.js';

const setting = <T>(name: string, parse: Setting<T>['parse'], fallback: T): Setting<T> => ({ name, parse, fallback });

const absent = <T>(name: string, parse: Setting<T>['parse']): Setting<T | undefined> => ({
  name,
  parse,
  fallback: undefined,
});

/** A setting that is, or contains, a secret. */
const secret = <T>(name: string, parse: Setting<T>['parse']): Setting<T | undefined> => ({
  ...absent(name, parse),
  isSecret: true,
});

export const settings = {
  environment: setting('NODE_ENV', oneOf('development', 'test', 'production'), 'development'),
  host: setting('HOST', hostName, '127.0.0.1'),
  port: setting('PORT', integer(0, 65_535), 3000),
  adminSocket: absent('REKEY_ADMIN_SOCKET', text),
  drainSeconds: setting('REKEY_DRAIN_SECONDS', integer(0, 300), 5),
  processes: setting('REKEY_PROCESSES', processes, 1),
  issuer: absent('REKEY_ISSUER', url('https:', 'http:')),
  secret: secret('REKEY_SECRET', text),
  previousSecret: secret('REKEY_SECRET_PREVIOUS', text),
  dataDir: setting('REKEY_DATA_DIR', text, './data'),
  databaseUrl: secret('DATABASE_URL', serverUrl(/^[^/@]*$/, 'postgres:', 'postgresql:')),
  databasePool: setting('REKEY_DATABASE_POOL', integer(1, 200), 10),
  migrateAtBoot: setting('REKEY_MIGRATE_AT_BOOT', oneOf('on', 'off'), 'on'),
  redisUrl: secret('REDIS_URL', serverUrl(/^\d*$/, 'redis:', 'rediss:')),
  revocationCheck: setting('REKEY_REVOCATION_CHECK', oneOf('tracker', 'database'), 'tracker'),
  adminClientId: absent('REKEY_ADMIN_CLIENT_ID', credential),
  adminClientSecret: secret('REKEY_ADMIN_CLIENT_SECRET', credential),
  signingAlgorithm: setting('REKEY_SIGNING_ALGORITHM', oneOf('ES256', 'EdDSA', 'RS256', 'PS256'), 'ES256'),
  keyRotationDays: setting('REKEY_KEY_ROTATION_DAYS', integer(1, 3650), 90),
  trustedProxies: setting('REKEY_TRUSTED_PROXIES', networks, []),
  egressAllow: setting('REKEY_EGRESS_ALLOW', destinations, []),
  failedAuthenticationsPerMinute: setting('REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE', integer(1, 100_000), 50),
  failedSignInsPerMinute: setting('REKEY_FAILED_SIGN_INS_PER_MINUTE', integer(1, 100_000), 10),
  passwordMinCharacters: setting('REKEY_PASSWORD_MIN_CHARACTERS', integer(8, 64), 15),
  introspectionsPerSecond: setting('REKEY_INTROSPECTIONS_PER_SECOND', integer(1, 1_000_000), 10_000),
  audit: setting('REKEY_AUDIT', oneOf('on', 'off'), 'on'),
  auditAddresses: setting('REKEY_AUDIT_ADDRESSES', oneOf('full', 'truncated'), 'full'),
  auditRetentionDays: setting('REKEY_AUDIT_RETENTION_DAYS', integer(1, 3650), 400),
  familyRetentionDays: setting('REKEY_FAMILY_RETENTION_DAYS', integer(1, 3650), 30),
  loginSessionHours: setting('REKEY_LOGIN_SESSION_HOURS', integer(1, 8760), 24),
  loginSessionIdleHours: setting('REKEY_LOGIN_SESSION_IDLE_HOURS', integer(1, 8760), 8),
  upstreamIssuer: absent('REKEY_UPSTREAM_ISSUER', url('https:', 'http:')),
  upstreamClientId: absent('REKEY_UPSTREAM_CLIENT_ID', credential),
  upstreamClientSecret: secret('REKEY_UPSTREAM_CLIENT_SECRET', credential),
  upstreamName: absent('REKEY_UPSTREAM_NAME', shortText(60)),
  upstreamScope: setting('REKEY_UPSTREAM_SCOPE', text, 'openid profile email'),
  upstreamClaims: setting('REKEY_UPSTREAM_CLAIMS', claimSources, []),
  smtpUrl: secret('REKEY_SMTP_URL', serverUrl(/^$/, 'smtp:', 'smtps:')),
  mailFrom: absent('REKEY_MAIL_FROM', mailbox),
  supportUrl: absent('REKEY_SUPPORT_URL', url('https:', 'http:', 'mailto:')),
  home: absent('REKEY_HOME', home),
  securityContacts: setting('REKEY_SECURITY_CONTACT', contacts, []),
  console: setting('REKEY_CONSOLE', oneOf('on', 'off'), 'on'),
  brandName: setting('REKEY_BRAND_NAME', shortText(60), 'Rekey'),
  brandColor: setting('REKEY_BRAND_COLOR', hexColour, '#3b63d6'),
  brandLogo: absent('REKEY_BRAND_LOGO', imageFile),
  logFormat: absent('REKEY_LOG_FORMAT', oneOf('json', 'pretty')),
  logLevel: setting('REKEY_LOG_LEVEL', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), 'info'),
} as const;

type Settings = typeof settings;

/** The parsed environment, before the rules between settings are checked. */
export type RawConfig = { -readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };
