import type { RawConfig } from './settings.js';

/** The whole configuration of a process: parsed, validated together, and frozen. The class is the injection token. */
export class Config {
  readonly environment: RawConfig['environment'];
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket for the command line; absent: none. */
  readonly adminSocket: string | undefined;
  /** How long requests are still served after SIGTERM, while the service is not ready. */
  readonly drainSeconds: number;
  /** How many processes share the port; with 1 there is no supervisor. */
  readonly processes: number;
  /** The `iss` of every token and the base of every endpoint; no trailing slash. */
  readonly issuer: string;
  /** The master key, which opens the root key: see `keys/root-key.ts`. */
  readonly secret: string;
  /** The master key before, during the change to another one. */
  readonly previousSecret: string | undefined;
  readonly dataDir: string;
  /** Absent: the embedded database under `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly databasePool: number;
  readonly migrateAtBoot: boolean;
  readonly redisUrl: string | undefined;
  /** `tracker`: revocations are checked in the fast copy; `database`: always in PostgreSQL. */
  readonly revocationCheck: 'tracker' | 'database';
  readonly adminClientId: string | undefined;
  readonly adminClientSecret: string | undefined;
  readonly signingAlgorithm: RawConfig['signingAlgorithm'];
  readonly keyRotationDays: number;
  readonly trustedProxies: readonly string[];
  /** Networks and host names that outgoing requests may go to although the egress policy refuses their addresses. */
  readonly egressAllow: readonly string[];
  readonly failedAuthenticationsPerMinute: number;
  readonly failedSignInsPerMinute: number;
  readonly passwordMinCharacters: number;
  readonly introspectionsPerSecond: number;
  readonly audit: boolean;
  /** How much of an address the audit log keeps: all, or its network. */
  readonly auditAddresses: RawConfig['auditAddresses'];
  readonly auditRetentionDays: number;
  readonly familyRetentionDays: number;
  /** How long a login session lasts after the user's last sign-in, and how long without use. */
  readonly loginSessionHours: number;
  readonly loginSessionIdleHours: number;
  /** The OpenID provider that users may sign in through; absent if there is none. Needs its id and secret. */
  readonly upstreamIssuer: string | undefined;
  readonly upstreamClientId: string | undefined;
  readonly upstreamClientSecret: string | undefined;
  readonly upstreamName: string | undefined;
  readonly upstreamScope: string;
  /** `groups` or an attribute, and the upstream provider's claim that says it at each sign-in. */
  readonly upstreamClaims: readonly (readonly [target: string, source: string])[];
  /** The SMTP server for mails to users; absent: the service sends none. Needs `mailFrom`. */
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string | undefined;
  /** The operator's help for users who cannot sign in. */
  readonly supportUrl: string | undefined;
  /** The response at the issuer's URL: `page`, `none`, or a URL to redirect to. */
  readonly home: string;
  /** Whether there is a web console. */
  readonly console: RawConfig['console'];
  /** URIs for reporting vulnerabilities; empty: no security.txt. */
  readonly securityContacts: readonly string[];
  /** The name of the service on the pages. */
  readonly brandName: string;
  /** `#rrggbb` */
  readonly brandColor: string;
  /** A `data:` URI. */
  readonly brandLogo: string | undefined;
  /** Undefined: `pretty` at a terminal outside production, `json` elsewhere. */
  readonly logFormat: RawConfig['logFormat'];
  readonly logLevel: RawConfig['logLevel'];

  constructor(values: Config) {
    Object.assign(this, values);
    Object.freeze(this);
  }
}
