/**
 * Environment → Config. All problems are reported at once, and never contain values, which may be secrets.
 */
import { availableParallelism } from 'node:os';
import { Config } from './config.js';
import { secretOf } from './secret-file.js';
import { SettingProblem, type Rule, type Setting } from './setting.js';
import { settings, type RawConfig } from './settings.js';
import { StartProblem } from './start-problem.js';
import { unknownVariables } from './unknown-variables.js';
import { upstreamDemands } from './upstream-demands.js';

export class ConfigError extends StartProblem {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
}

/** 128 bits, even in hex. */
const MIN_SECRET_CHARACTERS = 32;
const MIN_DISTINCT_CHARACTERS = 10;

/**
 * @param environment usually `process.env`
 * @param embeddedSecret provides the master key of an embedded service outside production if none is set
 * @throws ConfigError with all problems, each naming its variable
 */
export function loadConfig(
  environment: NodeJS.ProcessEnv,
  embeddedSecret: (dataDir: string) => string = () => '',
): Config {
  const { raw, unreadable } = parseAll(environment);
  const broken = demands(raw).filter(
    ([about, isBroken]) => isBroken && !about.some(({ name }) => unreadable.has(name)),
  );
  const misspelt = unknownVariables(environment).filter(({ isMisspelt }) => isMisspelt);
  const problems = [
    ...misspelt.map(({ name, nearest }) => `${name} is not a setting. Did you mean ${nearest}?`),
    ...unreadable.values(),
    ...broken.map(([[first], , problem]) => `${first!.name} ${problem}`),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return new Config({
    ...raw,
    issuer: (raw.issuer ?? `http://${raw.host.includes(':') ? `[${raw.host}]` : raw.host}:${raw.port}`).replace(
      /\/$/,
      '',
    ),
    secret: raw.secret ?? embeddedSecret(raw.dataDir),
    // In production the page is off unless the operator asks for it.
    home: raw.home ?? (raw.environment === 'production' ? 'none' : 'page'),
    processes: processesOf(raw),
    migrateAtBoot: raw.migrateAtBoot === 'on',
    audit: raw.audit === 'on',
    // Without Redis the replicas share only PostgreSQL, so each check asks it.
    revocationCheck: raw.databaseUrl && !raw.redisUrl ? 'database' : raw.revocationCheck,
  });
}

/** `auto` is one for each core that this process may use; the embedded database serves one. */
function processesOf({ processes, databaseUrl }: RawConfig): number {
  if (processes !== 'auto') return processes;
  return databaseUrl ? availableParallelism() : 1;
}

function parseAll(environment: NodeJS.ProcessEnv) {
  /** By variable name. */
  const unreadable = new Map<string, string>();
  const raw: Record<string, unknown> = {};
  for (const [key, { name, parse, fallback, isSecret }] of Object.entries<Setting<unknown>>(settings)) {
    raw[key] = fallback;
    try {
      const value = isSecret ? secretOf(name, environment) : environment[name];
      if (value !== undefined && value !== '') raw[key] = parse(value);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      unreadable.set(name, `${name} ${error.message}`);
    }
  }
  return { raw: raw as RawConfig, unreadable };
}

/** Rules between settings. */
function demands(raw: RawConfig): Rule[] {
  const production = raw.environment === 'production';
  const {
    host,
    issuer,
    secret,
    previousSecret,
    adminClientId,
    adminClientSecret,
    databaseUrl,
    redisUrl,
    trustedProxies,
    processes,
    smtpUrl,
    mailFrom,
  } = settings;
  return [
    [[secret], production && !raw.secret, 'is required in production'],
    [
      [secret, databaseUrl],
      !production && !!raw.databaseUrl && !raw.secret,
      `is required with ${databaseUrl.name}: replicas share it`,
    ],
    [[secret], isShort(raw.secret), `must have at least ${MIN_SECRET_CHARACTERS} characters, all of them random`],
    [[secret], isMonotonous(raw.secret), 'repeats too few characters to be random'],
    [
      [previousSecret, secret],
      !!raw.previousSecret && (!raw.secret || raw.previousSecret === raw.secret),
      `is the master key before ${secret.name}, which must be another one`,
    ],
    [[issuer], production && !raw.issuer, 'is required in production'],
    [
      [issuer, host],
      !production && !raw.issuer && ['0.0.0.0', '::'].includes(raw.host),
      `is required if ${host.name} is a wildcard address, to which clients cannot connect`,
    ],
    [
      [issuer],
      production && !!raw.issuer && new URL(raw.issuer).protocol !== 'https:',
      'must start with https:// in production',
    ],
    [
      [issuer],
      !!raw.issuer && !isPlain(raw.issuer),
      'must be a normalised URL without user, query and fragment (RFC 8414 section 2)',
    ],
    [[adminClientId], production && !raw.adminClientId, 'is required in production'],
    [
      [adminClientId],
      !!raw.adminClientId && !/^[\w.~-]{1,128}$/.test(raw.adminClientId),
      'may have letters, digits and - . _ ~, 128 at most',
    ],
    [[adminClientSecret], production && !raw.adminClientSecret, 'is required in production'],
    [
      [adminClientSecret],
      isShort(raw.adminClientSecret),
      `must have at least ${MIN_SECRET_CHARACTERS} characters, all of them random`,
    ],
    [[adminClientSecret], isMonotonous(raw.adminClientSecret), 'repeats too few characters to be random'],
    [
      [adminClientSecret],
      !!raw.secret && raw.adminClientSecret === raw.secret,
      `must not be the same as ${secret.name}`,
    ],
    [
      [adminClientId, adminClientSecret],
      !production && !raw.adminClientId !== !raw.adminClientSecret,
      `and ${adminClientSecret.name} must be set together`,
    ],
    [
      [redisUrl, databaseUrl],
      !!raw.redisUrl && !raw.databaseUrl,
      `needs ${databaseUrl.name}: the embedded database serves one process only`,
    ],
    [
      [processes, databaseUrl],
      Number(raw.processes) > 1 && !raw.databaseUrl,
      `needs ${databaseUrl.name}: the embedded database serves one process only`,
    ],
    [
      [trustedProxies],
      production && raw.trustedProxies.length === 0,
      'is required in production, because TLS ends at a proxy, which must be trusted',
    ],
    [[smtpUrl, mailFrom], !raw.smtpUrl !== !raw.mailFrom, `and ${mailFrom.name} must be set together`],
    ...upstreamDemands(raw),
  ];
}

const isShort = (secret: string | undefined): boolean => !!secret && secret.length < MIN_SECRET_CHARACTERS;

const isMonotonous = (secret: string | undefined): boolean =>
  !!secret && new Set(secret).size < MIN_DISTINCT_CHARACTERS;

/** Clients compare `iss` byte by byte, so it must have only one spelling. */
function isPlain(issuer: string): boolean {
  const { origin, pathname } = new URL(issuer);
  return issuer.replace(/\/$/, '') === `${origin}${pathname}`.replace(/\/$/, '');
}
