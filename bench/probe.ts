import { PostgresServer } from '../test/support/postgres-server.js';
import { RedisServer } from '../test/support/redis-server.js';
import { formRequest, load, median, percentile, type Session } from './load.js';
import { cpuMicroseconds, SECRET, startFloor, startRekey } from './servers.js';
import { CLIENT_ID, prepareFloor, prepareRekey } from './prepare.js';

const AUTH = `Basic ${Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')}`;
const field = (body: string, name: string) => new RegExp(`"${name}":"([^"]*)"`).exec(body)?.[1] ?? '';
const refreshing = (path: string, first: string): Session => {
  let token = first;
  return (previous) => {
    if (previous) token = field(previous.body, 'refresh_token') || token;
    return formRequest(path, `grant_type=refresh_token&refresh_token=${token}`, AUTH);
  };
};
const seconds = Number(process.argv[2] ?? 4);
const rounds = Number(process.argv[3] ?? 2);
const what = process.argv[4] ?? 'refresh';
const pg = await PostgresServer.start();
const redis = await RedisServer.start();
try {
  const databaseUrl = await pg.createDatabase('rekey');
  process.env['DATABASE_URL'] = databaseUrl;
  process.env['REDIS_URL'] = redis.url;
  process.env['REKEY_SECRET'] = 'bench-master-key-0123456789-abcdefghijkl';
  const tokens = await prepareRekey(64);
  const floorTokens = await prepareFloor(databaseUrl, 64);
  const floor = await startFloor(databaseUrl, redis.url);
  const rekey = await startRekey({ DATABASE_URL: databaseUrl, REDIS_URL: redis.url }, process.env['PROF'] ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : []);
  const opts2 = (process.env['OPTS2'] ?? '').split(' ').filter(Boolean);
  const rekey2 = await startRekey({ DATABASE_URL: databaseUrl, REDIS_URL: redis.url, ...JSON.parse(process.env['ENV2'] ?? '{}') }, opts2);
  const floorSessions = floorTokens.map((t) => refreshing('/refresh', t));
  const rekeySessions = tokens.map((t) => refreshing('/token', t));
  const cc = (path: string): Session => () => formRequest(path, 'grant_type=client_credentials', AUTH);
  const intro = (path: string, token: string): Session => () => formRequest(path, `token=${token}`, AUTH);
  const at = field((await load(rekey.url, [cc('/token')], 0.01), await (await fetch(`${rekey.url}/token`, { method: 'POST', headers: { authorization: AUTH }, body: new URLSearchParams({ grant_type: 'client_credentials' }) })).text()), 'access_token');
  const sets: Record<string, [Session[], Session[]]> = {
    refresh: [floorSessions, rekeySessions],
    cc: [Array.from({ length: 64 }, () => cc('/client-credentials')), Array.from({ length: 64 }, () => cc('/token'))],
    introspect: [Array.from({ length: 64 }, () => intro('/introspect', floor.token)), Array.from({ length: 64 }, () => intro('/introspect', at))],
  };
  const [fs, rs] = sets[what]!;
  const results: Record<string, number[]> = { floor: [], rekey: [], rekey2: [] };
  const cpus: Record<string, number[]> = { floor: [], rekey: [], rekey2: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, server, sessions] of [['floor', floor, fs], ['rekey', rekey, rs], ['rekey2', rekey2, rs]] as const) {
      if (name === 'rekey2' && !process.env['OPTS2'] && !process.env['ENV2']) continue;
      if (process.env['ONLY'] && process.env['ONLY'] !== name) continue;
      const cpu = await cpuMicroseconds(server.process);
      const result = await load(server.url, sessions, seconds);
      const used = (await cpuMicroseconds(server.process)) - cpu;
      results[name]!.push(result.answersPerSecond);
      cpus[name]!.push(used / (result.answers * (seconds + 1) / seconds));
      console.log(name, Math.round(result.answersPerSecond), 'per s; cpu µs/req', Math.round(used / (result.answers * (seconds + 1) / seconds)), 'p50', percentile(result.latencies, 0.5).toFixed(1), 'p99', percentile(result.latencies, 0.99).toFixed(1), [...result.failures]);
    }
  }
  console.log('cpu medians', Object.entries(cpus).map(([n, c]) => `${n} ${Math.round(median(c))}`).join(', '), ' rate medians', Object.entries(results).map(([n, c]) => `${n} ${Math.round(median(c))}`).join(', '));
  console.log('ratio', (median(results['rekey']!) / median(results['floor']!)).toFixed(2));
  await floor.stop();
  await rekey.stop();
  await rekey2.stop();
} finally {
  await redis.stop();
  await pg.stop();
}
process.exit(0);
