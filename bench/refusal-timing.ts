/**
 * `npm run timing`: whether refusals tell by their time what their bytes do not. Samples of all kinds alternate in random order on
 * one connection; the medians of two kinds are compared with a Mann-Whitney test. Two known clients are the control: its |z|
 * is what chance gives. A leak has a |z| that grows with TIMING_SAMPLES; below 2 nothing was found.
 *
 * Starts its own PostgreSQL and Redis, and stops them.
 */
import { PostgresServer } from '../test/support/postgres-server.js';
import { registerClient, asAdmin } from '../test/support/provision.js';
import { postAs } from '../test/support/requests.js';
import { RedisServer } from '../test/support/redis-server.js';
import { Connection, formRequest, median } from './load.js';
import { ADMIN, startRekey } from './servers.js';

const SAMPLES = Number(process.env['TIMING_SAMPLES'] ?? 1500);
const WARM_UP = 100;
/** Of the users of each kind. */
const NAMES = 40;
const WRONG = 'wrong-secret-0123456789abcdefghijklmnopqrstuvw';
/** In the format of generated ids. */
const UNKNOWN = '019ad3f0-0000-7000-8000-000000000000';

/** Name of a kind, and its next request. */
type Kinds = Readonly<Record<string, () => string>>;

async function run(url: string): Promise<void> {
  const at = { url, admin: { clientId: ADMIN.id, secret: ADMIN.secret, method: 'client_secret_basic' as const } };
  const [one, other, disabled] = [await registerClient(at), await registerClient(at), await registerClient(at)];
  const open = await registerClient(at, {
    type: 'public',
    token_endpoint_auth_method: 'none',
    grant_types: ['refresh_token'],
    may_introspect: false,
  });
  await asAdmin(at, 'PATCH', `/clients/${disabled.clientId}`, { disabled: true });
  console.log(`Samples in random order. Node ${process.version}.`);
  const ids = { known: one.clientId, 'another known': other.clientId, unknown: UNKNOWN };
  const more = { ...ids, disabled: disabled.clientId, public: open.clientId };
  await compare(url, 'wrong secret, Basic', wrongSecrets(more, byBasic));
  await compare(url, 'wrong secret in the body', wrongSecrets(ids, inBody));
  await compare(url, 'no secret', wrongSecrets(ids, withoutSecret));

  await compareSignIns(url, at);

  const [issued, revoked] = [await accessToken(url, one), await accessToken(url, one)];
  await postAs(one, `${url}/revoke`, { token: revoked });
  const [header, payload, signature] = issued.split('.') as [string, string, string];
  const forged = `${header}.${payload}.${[...signature].reverse().join('')}`;
  const ofClient = Buffer.from(`${one.clientId}:${one.secret}`).toString('base64');
  const sends = (path: string, token: string) => () => formRequest(path, `token=${token}`, `Basic ${ofClient}`);
  for (const path of ['/introspect', '/revoke']) {
    const tokens = {
      revoked: sends(path, revoked),
      'revoked, again': sends(path, revoked),
      forged: sends(path, forged),
    };
    await compare(url, `${path}, authenticated`, tokens);
  }
}

/** With a password to hash for each, so fewer samples; the control is another user. */
async function compareSignIns(url: string, at: Parameters<typeof asAdmin>[0]): Promise<void> {
  const page = await fetch(`${url}/sign-in`);
  const [, token = ''] = /name="form_token" value="([^"]+)"/.exec(await page.text()) ?? [];
  const [cookie] = page.headers.getSetCookie().map((line) => line.split(';', 1)[0]!);
  const form = (username: string) => new URLSearchParams({ form_token: token, username, password: WRONG }).toString();
  let turn = 0;
  // In turns, because many failures of one name are refused before anything is compared.
  const signsIn = (names: string) => () =>
    formRequest('/sign-in', form(`${names}-${turn++ % NAMES}`), undefined, cookie);
  for (let index = 0; index < NAMES; index += 1) {
    for (const username of [`somebody-${index}`, `somebody-else-${index}`]) {
      await asAdmin(at, 'POST', '/users', { username, password: `the password of ${username}` });
    }
  }
  const kinds = {
    known: signsIn('somebody'),
    'another known': signsIn('somebody-else'),
    unknown: signsIn('nobody'),
  };
  await compare(url, 'wrong password at sign-in', kinds, Math.ceil(SAMPLES / 5));
}

const accessToken = async (url: string, client: Parameters<typeof postAs>[0]): Promise<string> =>
  (await postAs(client, `${url}/token`, { grant_type: 'client_credentials' })).body.access_token as string;

const wrongSecrets = (ids: Readonly<Record<string, string>>, request: (clientId: string) => string): Kinds =>
  Object.fromEntries(Object.entries(ids).map(([kind, clientId]) => [kind, () => request(clientId)]));

const GRANT = 'grant_type=refresh_token&refresh_token=x';

const byBasic = (clientId: string): string =>
  formRequest('/token', GRANT, `Basic ${Buffer.from(`${clientId}:${WRONG}`).toString('base64')}`);

const inBody = (clientId: string): string =>
  formRequest('/token', `${GRANT}&client_id=${clientId}&client_secret=${WRONG}`);

const withoutSecret = (clientId: string): string => formRequest('/token', `${GRANT}&client_id=${clientId}`);

/** Compares each kind with the first one. */
async function compare(url: string, title: string, kinds: Kinds, samples = SAMPLES): Promise<void> {
  const connection = await Connection.open(url);
  const times = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
  const statuses = new Set<number>();
  for (let round = -WARM_UP; round < samples; round += 1) {
    for (const [kind, request] of shuffled(Object.entries(kinds))) {
      const sent = performance.now();
      statuses.add((await connection.ask(request())).status);
      if (round >= 0) times.get(kind)!.push(performance.now() - sent);
    }
  }
  connection.close();
  const [[, reference] = ['', []]] = times;
  console.log(`\n${title}: ${samples} samples of each, all answered ${[...statuses].join(' and ')}`);
  for (const [kind, values] of times) {
    const z = values === reference ? '' : `  z = ${mannWhitneyZ(values, reference).toFixed(1)}`;
    console.log(`  ${kind.padEnd(16)} median ${median(values).toFixed(3)} ms${z}`);
  }
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => [Math.random(), value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
}

/** The normal approximation of the rank-sum test: positive if the first sample is slower. Times have no ties worth a correction. */
function mannWhitneyZ(first: readonly number[], second: readonly number[]): number {
  const all = [...first.map((time) => [time, 1] as const), ...second.map((time) => [time, 0] as const)];
  all.sort(([a], [b]) => a - b);
  const rankSum = all.reduce((sum, [, isFirst], index) => sum + isFirst * (index + 1), 0);
  const [n, m] = [first.length, second.length];
  const u = rankSum - (n * (n + 1)) / 2;
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

const postgres = await PostgresServer.start();
const redis = await RedisServer.start();
const rekey = await startRekey({
  DATABASE_URL: await postgres.createDatabase('timing'),
  REDIS_URL: redis.url,
  REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: '100000',
  REKEY_FAILED_SIGN_INS_PER_MINUTE: '100000',
  REKEY_INTROSPECTIONS_PER_SECOND: '1000000',
});
try {
  await run(rekey.url);
} finally {
  await rekey.stop();
  await redis.stop();
  await postgres.stop();
}
