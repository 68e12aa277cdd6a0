/** better-auth on PostgreSQL with its OAuth provider, defaults otherwise. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { oauthProvider } from '@better-auth/oauth-provider';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';
import pg from 'pg';

const { DATABASE_URL, CLIENT_ID, CLIENT_SECRET, SESSIONS } = process.env;
const hashed = (text) => createHash('sha256').update(text).digest('base64url');

const server = createServer((request, response) => handler(request, response)).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${server.address().port}`;

const auth = betterAuth({
  baseURL: url,
  secret: randomBytes(32).toString('hex'),
  database: new pg.Pool({ connectionString: DATABASE_URL, max: 10 }),
  // Its limit for each address would stop the load.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    jwt(),
    oauthProvider({
      loginPage: '/sign-in',
      consentPage: '/consent',
      scopes: ['openid', 'offline_access', 'read', 'write'],
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
});
await (await getMigrations(auth.options)).runMigrations();
const { adapter } = await auth.$context;
const handler = toNodeHandler(auth);

const scopes = ['offline_access', 'read', 'write'];
const now = new Date();
const times = { createdAt: now, updatedAt: now };
await adapter.create({
  model: 'oauthClient',
  data: {
    clientId: CLIENT_ID,
    clientSecret: hashed(CLIENT_SECRET),
    name: 'Bench',
    scopes,
    redirectUris: ['https://client.test/back'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    grantTypes: ['authorization_code', 'refresh_token'],
    responseTypes: ['code'],
    ...times,
  },
});

async function session(index) {
  const { id: userId } = await adapter.create({
    model: 'user',
    data: { name: `User ${index}`, email: `user-${index}@example.com`, emailVerified: true, ...times },
  });
  const token = randomBytes(24).toString('base64url');
  await adapter.create({
    model: 'oauthRefreshToken',
    data: {
      token: hashed(token),
      clientId: CLIENT_ID,
      userId,
      scopes,
      createdAt: now,
      expiresAt: new Date(now.getTime() + 2_592_000_000),
    },
  });
  return token;
}
const tokens = await Promise.all(Array.from({ length: Number(SESSIONS) }, (_, index) => session(index)));
process.send({ url, path: '/api/auth/oauth2/token', tokens });
process.on('disconnect', () => process.exit(0));
