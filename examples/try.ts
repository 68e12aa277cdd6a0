/**
 * `npm run try`: refreshes twice, introspects and revokes, against the service that `npm start` runs. Each run starts a new session,
 * so it can be repeated; it leaves a second session for manual requests.
 */
import { resolve } from 'node:path';
import { credentialsFile, keptCredentials } from './credentials.js';
import { Refused, refreshing, say, title, Wire, type Client } from './wire.js';

const SUBJECT = 'demo-user';

/** An error that the user can fix; printed without a stack trace. */
class Stop extends Error {}

/** A reader such as `head` may close the pipe. */
process.stdout.on('error', () => process.exit(0));

try {
  await run(process.env);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(environment: NodeJS.ProcessEnv): Promise<void> {
  const { url, admin, client } = settingsOf(environment);
  const wire = new Wire(url);
  const token = await adminToken(wire, url, admin);
  const start = () =>
    wire.startFamily(token, client, SUBJECT).catch((error: unknown) => {
      throw error instanceof Refused
        ? new Stop(`No session can be started for the client ${client.id}: ${error.message}`)
        : error;
    });

  say(`A session of ${SUBJECT} at the client ${client.id}, at ${url}`);
  await walkThrough(wire, client, await start());

  title('By hand, as often as you like: for a minute it brings the same refresh token again');
  say(`   . ${quoted(resolve(credentialsFile(environment)))}`);
  say(
    `   curl -u "$DEMO_ID:$DEMO_SECRET" "$ISSUER/token" -d grant_type=refresh_token -d refresh_token='${await start()}'`,
  );
}

async function walkThrough(wire: Wire, client: Client, refreshToken: string): Promise<void> {
  title('1. Refresh');
  const next = await wire.refresh(client, refreshToken);
  title('2. Refresh again, with what came back');
  const answer = await wire.tell(client, '/token', refreshing(next));
  const accessToken = String(answer['access_token']);
  title('3. Introspect the access token');
  await wire.tell(client, '/introspect', { token: accessToken });
  title('4. Revoke the refresh token, and so the session');
  await wire.tell(client, '/revoke', { token: String(answer['refresh_token']) });
  title('5. Introspect the access token again');
  await wire.tell(client, '/introspect', { token: accessToken });
}

/** @throws Stop that names the missing value */
function settingsOf(environment: NodeJS.ProcessEnv): { url: string; admin: Client; client: Client } {
  const kept = keptCredentials(environment);
  const { ISSUER: url, DEMO_ID: id, DEMO_SECRET: secret } = kept;
  if (!url || !id || !secret) {
    throw new Stop(
      `There is nothing to try yet: ${credentialsFile(environment)} is not there. Run \`npm start\` in another terminal first, with the same REKEY_DATA_DIR.`,
    );
  }
  const adminId = environment['REKEY_ADMIN_CLIENT_ID'] || kept['ADMIN_ID'];
  const adminSecret = environment['REKEY_ADMIN_CLIENT_SECRET'] || kept['ADMIN_SECRET'];
  if (!adminId || !adminSecret) {
    throw new Stop('Set REKEY_ADMIN_CLIENT_ID and REKEY_ADMIN_CLIENT_SECRET, as the service was started with them.');
  }
  return { url, admin: { id: adminId, secret: adminSecret }, client: { id, secret } };
}

/** @throws Stop if nothing or another server answers */
async function adminToken(wire: Wire, url: string, admin: Client): Promise<string> {
  try {
    return await wire.adminToken(admin);
  } catch (error) {
    if (error instanceof Refused)
      throw new Stop(`The admin client ${admin.id} was refused at ${url}: ${error.message}`);
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    throw new Stop(
      `Rekey does not answer at ${url} (${code ?? 'no JSON came back'}). Run \`npm start\` in another terminal first.`,
    );
  }
}

/** Quotes a path for a shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
