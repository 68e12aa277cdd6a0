/**
 * The floor: the minimum that a handwritten handler does for the same answers. `node:http`, Basic checked with an HMAC in
 * memory, one compare-and-swap through `pg` (pool of 10), one ES256 signature; nothing is batched, logged, audited or
 * classified. A separate process, so that it has the same conditions as Rekey.
 */
import cluster from 'node:cluster';
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import pg from 'pg';
import { createClient } from 'redis';

const { DATABASE_URL, REDIS_URL } = process.env;
const SECRET_KEY = 'floor';
const CLIENT = { id: 'bench', digest: hmac(process.env['BENCH_SECRET'] ?? '') };
const PROCESSES = Number(process.env['FLOOR_PROCESSES'] ?? 1);
const privateKey =
  process.env['FLOOR_KEY'] === undefined
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : createPrivateKey(process.env['FLOOR_KEY']);
const publicKey = createPublicKey(privateKey);
const HEADER = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'floor' });

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const redis = createClient({ url: REDIS_URL ?? '' });
redis.on('error', () => undefined);
await redis.connect();

const routes: Record<string, (form: Record<string, unknown>) => Promise<object | undefined>> = {
  '/refresh': refresh,
  '/client-credentials': () => Promise.resolve(tokens('client')),
  '/introspect': introspect,
  '/revoke': revoke,
};

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => (body += text));
  request.on('end', () => void answer(request, response, body));
});
if (PROCESSES > 1 && cluster.isPrimary) {
  const env = { FLOOR_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  let listening = 0;
  cluster.on('listening', (_, { port }) => {
    listening += 1;
    if (listening === PROCESSES) tell(port);
  });
  for (let count = 0; count < PROCESSES; count += 1) cluster.fork(env);
} else {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (cluster.isPrimary && typeof address === 'object') tell(address?.port);
  });
}
process.on('disconnect', () => process.exit(0));

function tell(port: number | undefined): void {
  process.send?.({ url: `http://127.0.0.1:${port}`, token: sampleToken() });
}

async function answer(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const route = routes[request.url ?? ''];
  const result = route && isAuthentic(request) ? await route(parse(body)) : undefined;
  const text = JSON.stringify(result ?? { error: 'invalid_grant' });
  response.writeHead(result ? 200 : 400, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function isAuthentic(request: IncomingMessage): boolean {
  const header = request.headers.authorization ?? '';
  const [id, secret = ''] = Buffer.from(header.slice('Basic '.length), 'base64').toString().split(':');
  return id === CLIENT.id && timingSafeEqual(hmac(secret), CLIENT.digest);
}

async function refresh(form: Record<string, unknown>): Promise<object | undefined> {
  const [id, generation] = String(form['refresh_token']).split('.');
  const { rows } = await pool.query<{ subject: string; generation: number }>({
    name: 'rotate',
    text: `UPDATE floor_tokens SET generation = generation + 1, rotated_at = now()
           WHERE id = $1 AND generation = $2 AND client_id = $3 AND revoked_at IS NULL AND expires_at > now()
           RETURNING subject, generation`,
    values: [id, generation, CLIENT.id],
  });
  return rows[0] && { ...tokens(rows[0].subject), refresh_token: `${id}.${rows[0].generation}` };
}

interface Claims {
  readonly jti: string;
  readonly sub: string;
  readonly family_id: string;
}

/** @returns undefined if the signature is not ours */
function verified(token: unknown): Claims | undefined {
  const [header, payload, signature] = String(token).split('.');
  const input = Buffer.from(`${header}.${payload}`);
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  if (!verify('sha256', input, key, Buffer.from(signature ?? '', 'base64url'))) return undefined;
  return JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Claims;
}

async function introspect(form: Record<string, unknown>): Promise<object | undefined> {
  const claims = verified(form['token']);
  if (!claims) return { active: false };
  const { jti, sub, family_id: familyId } = claims;
  const revoked = await redis.mGet([
    'marker',
    `all`,
    `jti:${jti}`,
    `sub:${sub}`,
    `client:${CLIENT.id}`,
    `family:${familyId}`,
  ]);
  return revoked.some((entry) => entry !== null) ? { active: false } : { active: true, ...claims };
}

/** Durable, and then in Redis. */
async function revoke(form: Record<string, unknown>): Promise<object | undefined> {
  const claims = verified(form['token']);
  if (!claims) return {};
  await pool.query({ name: 'revoke', text: 'INSERT INTO floor_revocations VALUES ($1, now())', values: [claims.jti] });
  await redis.set(`jti:${claims.jti}`, '1', { EX: 600 });
  return {};
}

function tokens(subject: string): object {
  const iat = Math.floor(Date.now() / 1000);
  const payload = encode({
    iss: 'http://127.0.0.1',
    sub: subject,
    aud: 'http://127.0.0.1',
    client_id: CLIENT.id,
    scope: 'read write',
    iat,
    exp: iat + 600,
    jti: randomUUID(),
    family_id: randomUUID(),
  });
  const signature = sign('sha256', Buffer.from(`${HEADER}.${payload}`), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    access_token: `${HEADER}.${payload}.${signature.toString('base64url')}`,
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'read write',
  };
}

function sampleToken(): string {
  return (tokens('u1') as { access_token: string }).access_token;
}

function hmac(text: string): Buffer {
  return createHmac('sha256', SECRET_KEY).update(text).digest();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
