/** The rows of the table, for one process or several. */
import { compare, figures, middle, type Figures, type Row, type Side } from './compare.js';
import { Connection, sendAll, type Session } from './load.js';
import { prepareCodes } from './prepare.js';
import { AUTHORIZATION, asking, field } from './sessions.js';
import { formRequest } from './load.js';
import { redemption } from './sign-in.js';
import type { Running } from './servers.js';

export const SESSIONS = 64;
const FEW_SESSIONS = 8;
const CLIENT_GRANT = 'grant_type=client_credentials';
const REVOCATIONS = 1500;
const CODES = 1000;

export interface Rig {
  readonly floor: Running & { readonly token: string };
  readonly rekey: Running;
  readonly floorSessions: readonly Session[];
  readonly rekeySessions: readonly Session[];
  readonly postgresPid: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly done: (row: Row) => void;
}

/** Audit and logs on. A few sessions, and half of the greatest rate, show the time of a refresh where nothing waits for the CPU. */
export async function refreshes(rig: Rig): Promise<void> {
  const sides = (count: number, pace?: Pace) => ({
    floor: { server: rig.floor, sessions: rig.floorSessions.slice(0, count), pace: pace?.floor },
    rekey: { server: rig.rekey, sessions: rig.rekeySessions.slice(0, count), pace: pace?.rekey },
  });
  const { floor, rekey } = await row(rig, `refresh, ${SESSIONS} sessions`, sides(SESSIONS));
  await row(rig, `refresh, ${FEW_SESSIONS} sessions`, sides(FEW_SESSIONS));
  await row(rig, 'refresh, half of that rate', sides(SESSIONS, { floor: floor.rate / 2, rekey: rekey.rate / 2 }));
}

interface Pace {
  readonly floor: number;
  readonly rekey: number;
}

/** @param rekey one without the audit log */
export async function refreshesWithoutAudit(rig: Rig, rekey: Running): Promise<void> {
  const floor = { server: rig.floor, sessions: rig.floorSessions };
  await row(rig, 'refresh, audit off', { floor, rekey: { server: rekey, sessions: rig.rekeySessions } });
}

export async function clientCredentials(rig: Rig): Promise<void> {
  await row(rig, 'client_credentials', {
    floor: all(rig.floor, asking('/client-credentials', CLIENT_GRANT)),
    rekey: all(rig.rekey, asking('/token', CLIENT_GRANT)),
  });
}

export async function introspections(rig: Rig): Promise<void> {
  const [token] = await accessTokens(rig.rekey, '/token', 1);
  await row(rig, 'introspection (Redis)', {
    floor: all(rig.floor, asking('/introspect', `token=${rig.floor.token}`)),
    rekey: all(rig.rekey, asking('/introspect', `token=${token}`)),
  });
}

/** Of access tokens, each a durable row and a key in Redis. */
export async function revocations(rig: Rig): Promise<void> {
  const [floor, rekey]: [Figures[], Figures[]] = [[], []];
  const revoke = async (server: Running, path: string, into: Figures[]) => {
    const tokens = await accessTokens(server, path, REVOCATIONS);
    const requests = tokens.map((token) => formRequest('/revoke', `token=${token}`, AUTHORIZATION));
    const work = () => sendAll(server.url, requests, SESSIONS);
    into.push(await figures('revocation', server, rig.postgresPid, work));
  };
  for (let round = 0; round < rig.rounds; round += 1) {
    await revoke(rig.floor, '/client-credentials', floor);
    await revoke(rig.rekey, '/token', rekey);
  }
  const [ofFloor, ofRekey] = [middle(floor), middle(rekey)];
  const { processes } = rig.rekey;
  rig.done({ name: 'revocation', processes, floor: ofFloor, rekey: ofRekey, ratio: ofRekey.rate / ofFloor.rate });
}

/** Redeemed for an access token, a refresh token and an RS256 ID token. There is no floor of that. */
export async function codes(rig: Rig, say: (text: string) => void): Promise<Figures> {
  const rounds = 3;
  const requests = (await prepareCodes(rounds * CODES)).map(redemption);
  const measured: Figures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const work = () => sendAll(rig.rekey.url, requests.splice(0, CODES), SESSIONS);
    measured.push(await figures('codes', rig.rekey, rig.postgresPid, work));
  }
  const result = middle(measured);
  const of = rig.rekey.processes === 1 ? '' : `, ${rig.rekey.processes} processes`;
  say(
    `Codes redeemed (access, refresh and RS256 ID token)${of}: ${Math.round(result.rate)}/s, ` +
      `p99 ${result.p99.toFixed(1)} ms.`,
  );
  return result;
}

async function row(rig: Rig, name: string, sides: { floor: Side; rekey: Side }): Promise<Row> {
  const result = await compare(name, rig.postgresPid, sides, rig);
  rig.done(result);
  return result;
}

function all(server: Running, session: Session): Side {
  return { server, sessions: new Array<Session>(SESSIONS).fill(session) };
}

async function accessTokens(server: Running, path: string, count: number): Promise<string[]> {
  const request = formRequest(path, CLIENT_GRANT, AUTHORIZATION);
  const tokens: string[] = [];
  const ask = async () => {
    const connection = await Connection.open(server.url);
    while (tokens.length < count) tokens.push(field((await connection.ask(request)).body, 'access_token'));
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(count, SESSIONS) }, ask));
  return tokens.slice(0, count);
}
