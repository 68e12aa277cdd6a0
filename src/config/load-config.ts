/**
 * Environment → Config. Every problem is reported at once, and no problem repeats the value it is about: it may be a secret.
 */
import { Config } from './config.js';
import { SettingProblem } from './setting.js';
import { settings, type RawConfig } from './settings.js';

export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** 256 bits in the tightest encoding that people use for them. */
const MIN_SECRET_CHARACTERS = 32;

/**
 * @param environment usually `process.env`
 * @param embeddedSecret the master key where none is given and none has to be: of the embedded service, outside production
 * @throws ConfigError with all problems, each naming its variable
 */
export function loadConfig(environment: NodeJS.ProcessEnv, embeddedSecret: (dataDir: string) => string = () => ''): Config {
  const { raw, problems } = parseAll(environment);
  problems.push(...demands(raw));
  if (problems.length > 0) throw new ConfigError(problems);
  return new Config({
    ...raw,
    issuer: (raw.issuer ?? `http://${raw.host.includes(':') ? `[${raw.host}]` : raw.host}:${raw.port}`).replace(/\/$/, ''),
    secret: raw.secret ?? embeddedSecret(raw.dataDir),
    migrateAtBoot: raw.migrateAtBoot === 'on',
    audit: raw.audit === 'on',
    // Without Redis the replicas have nothing in common but PostgreSQL, so each check asks it.
    revocationCheck: raw.databaseUrl && !raw.redisUrl ? 'database' : raw.revocationCheck,
  });
}

function parseAll(environment: NodeJS.ProcessEnv) {
  const problems: string[] = [];
  const raw: Record<string, unknown> = {};
  for (const [key, { name, parse, fallback }] of Object.entries(settings)) {
    const value = environment[name];
    raw[key] = fallback;
    if (value === undefined || value === '') continue;
    try {
      raw[key] = parse(value);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      problems.push(`${name} ${error.message}`);
    }
  }
  return { raw: raw as RawConfig, problems };
}

/** What the settings demand of each other. */
function demands(raw: RawConfig): string[] {
  const production = raw.environment === 'production';
  const issuer = raw.issuer && new URL(raw.issuer);
  const rules: [broken: boolean, problem: string][] = [
    [production && !raw.secret, `${settings.secret.name} is required in production`],
    [!!raw.databaseUrl && !raw.secret && !production, `${settings.secret.name} is required with ${settings.databaseUrl.name}: replicas share it`],
    [!!raw.secret && raw.secret.length < MIN_SECRET_CHARACTERS, `${settings.secret.name} must have at least ${MIN_SECRET_CHARACTERS} characters, all of them random`],
    [!!raw.secret && new Set(raw.secret).size < 10, `${settings.secret.name} repeats too few characters to be random`],
    [production && !raw.issuer, `${settings.issuer.name} is required in production`],
    [production && !!issuer && issuer.protocol !== 'https:', `${settings.issuer.name} must start with https:// in production`],
    [!!issuer && (issuer.search !== '' || issuer.hash !== ''), `${settings.issuer.name} must have no query and no fragment (RFC 8414 section 2)`],
    [production && !raw.adminClientId, `${settings.adminClientId.name} is required in production`],
    [production && !raw.adminClientSecret, `${settings.adminClientSecret.name} is required in production`],
    [!!raw.adminClientSecret && raw.adminClientSecret.length < MIN_SECRET_CHARACTERS, `${settings.adminClientSecret.name} must have at least ${MIN_SECRET_CHARACTERS} characters`],
    [!!raw.adminClientId !== !!raw.adminClientSecret && !production, `${settings.adminClientId.name} and ${settings.adminClientSecret.name} come together`],
    [!!raw.redisUrl && !raw.databaseUrl, `${settings.redisUrl.name} needs ${settings.databaseUrl.name}: the embedded database serves one process only`],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => problem);
}
