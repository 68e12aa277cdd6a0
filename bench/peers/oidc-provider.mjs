/** node-oidc-provider on PostgreSQL, with its defaults but for rotation of every refresh token, which it leaves off for some clients. */
import { createServer } from 'node:http';
import pg from 'pg';
import Provider from 'oidc-provider';

const { DATABASE_URL, CLIENT_ID, CLIENT_SECRET, SESSIONS } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
await pool.query(`CREATE TABLE oidc_payloads (
  id text PRIMARY KEY, payload jsonb NOT NULL, grant_id text, uid text, user_code text, expires_at timestamptz, consumed_at timestamptz);
  CREATE INDEX ON oidc_payloads (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX ON oidc_payloads (uid) WHERE uid IS NOT NULL`);

const run = (name, text, values) => pool.query({ name, text, values });

/** One row for each token and grant, as the adapters of its documentation have it. */
class PostgresAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const values = [this.key(id), payload, payload.grantId, payload.uid, payload.userCode, expiresIn];
    await run(
      'upsert',
      `INSERT INTO oidc_payloads (id, payload, grant_id, uid, user_code, expires_at)
       VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')
       ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
         user_code = excluded.user_code, expires_at = excluded.expires_at`,
      values,
    );
  }

  async find(id) {
    const { rows } = await run('find', 'SELECT payload, consumed_at FROM oidc_payloads WHERE id = $1', [this.key(id)]);
    return rows[0] && { ...rows[0].payload, ...(rows[0].consumed_at ? { consumed: true } : {}) };
  }

  async findByUid(uid) {
    const { rows } = await run('uid', 'SELECT payload FROM oidc_payloads WHERE uid = $1', [uid]);
    return rows[0]?.payload;
  }

  async findByUserCode(code) {
    const { rows } = await run('code', 'SELECT payload FROM oidc_payloads WHERE user_code = $1', [code]);
    return rows[0]?.payload;
  }

  async consume(id) {
    await run('consume', 'UPDATE oidc_payloads SET consumed_at = now() WHERE id = $1', [this.key(id)]);
  }

  async destroy(id) {
    await run('destroy', 'DELETE FROM oidc_payloads WHERE id = $1', [this.key(id)]);
  }

  async revokeByGrantId(grantId) {
    await run('revoke', 'DELETE FROM oidc_payloads WHERE grant_id = $1', [grantId]);
  }
}

const provider = new Provider('http://127.0.0.1', {
  adapter: PostgresAdapter,
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: ['https://client.test/back'],
    },
  ],
  scopes: ['offline_access', 'read', 'write'],
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  rotateRefreshToken: true,
});

const client = await provider.Client.find(CLIENT_ID);
async function session(index) {
  const accountId = `user-${index}`;
  const scope = 'offline_access read write';
  const grant = new provider.Grant({ accountId, clientId: CLIENT_ID });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  return new provider.RefreshToken({ accountId, client, grantId, scope, gty: 'authorization_code' }).save();
}
const tokens = await Promise.all(Array.from({ length: Number(SESSIONS) }, (_, index) => session(index)));

const server = createServer(provider.callback()).listen(0, '127.0.0.1', () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}`, path: '/token', tokens });
});
process.on('disconnect', () => process.exit(0));
