/** What ends a start is one sentence that says what to do, exit code 1, and no stack. (PostgreSQL: `start-database.spec.ts`.) */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { RekeyProcess, type RekeyOptions } from '../support/rekey-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let deployment: Deployment;
let guarded: RedisServer;
let embedded: RekeyProcess;

beforeAll(async () => {
  deployment = await Deployment.start();
  guarded = await RedisServer.start({ requirepass: 'canary-1' });
  embedded = await RekeyProcess.start({ env: { REKEY_DATA_DIR: 'data' } });
});
afterAll(async () => {
  await embedded.kill();
  await guarded.stop();
  await deployment.stop();
});

const port = () => Number(new URL(embedded.url).port);
const redis = (credentials: string, path = '') => guarded.url.replace('//', `//${credentials}`) + path;
const withRedis = (redisUrl: string): RekeyOptions => ({ databaseUrl: deployment.databaseUrl, redisUrl });

/** How it is started, and what it says. */
const problems: Record<string, () => [RekeyOptions, string]> = {
  'a port that another process listens on': () => [
    { port: port(), env: { REKEY_DATA_DIR: 'data' } },
    `Something else listens on 127.0.0.1, port ${port()}. Stop it, or choose another port by PORT=.`,
  ],
  'a port that another process listens on, for several processes': () => [
    { databaseUrl: deployment.databaseUrl, port: port(), env: { REKEY_PROCESSES: '3' } },
    `Something else listens on 127.0.0.1, port ${port()}. Stop it, or choose another port by PORT=.`,
  ],
  'several processes on the embedded database': () => [
    { env: { REKEY_PROCESSES: '2' } },
    'The configuration has a problem:\n  - REKEY_PROCESSES needs DATABASE_URL: the embedded database serves one process only',
  ],
  'a port that another process listens on, while PostgreSQL is away': () => [
    { port: port(), databaseUrl: 'postgres://postgres@127.0.0.1:1/postgres', redisUrl: deployment.redis.url },
    `Something else listens on 127.0.0.1, port ${port()}. Stop it, or choose another port by PORT=.`,
  ],
  'an address of another machine': () => [
    { env: { REKEY_DATA_DIR: 'data', HOST: '192.0.2.1' } },
    'HOST=192.0.2.1 is no address of this machine.',
  ],
  'a data directory that another process uses': () => [
    { env: { REKEY_DATA_DIR: embedded.path('data') } },
    `The data directory is in use by process ${embedded.pid}. Stop that one, or choose another REKEY_DATA_DIR.`,
  ],
  'a data directory that cannot be written': () => [
    { env: { REKEY_DATA_DIR: '/dev/null/data' } },
    `The data directory cannot be used: ENOTDIR: not a directory, mkdir '/dev/null/data'. Let this user write to /dev/null/data, or choose another one by REKEY_DATA_DIR=.`,
  ],
  'a data directory that cannot be written, and a master key to be made': () => [
    { env: { REKEY_DATA_DIR: '/dev/null/data', REKEY_SECRET: undefined } },
    `The data directory cannot be used: ENOTDIR: not a directory, open '/dev/null/data/master.key'. Let this user write to /dev/null/data, or choose another one by REKEY_DATA_DIR=.`,
  ],
  'a Redis that wants a password': () => [
    withRedis(guarded.url),
    `Redis at ${new URL(guarded.url).host} refuses: NOAUTH HELLO must be called with the client already authenticated`,
  ],
  'a Redis that takes another password': () => [
    withRedis(redis(':canary-2@')),
    `Redis at ${new URL(guarded.url).host} refuses: WRONGPASS invalid username-password pair or user is disabled.`,
  ],
  'a Redis that has no such database': () => [
    withRedis(redis(':canary-1@', '/99')),
    `Redis at ${new URL(guarded.url).host} refuses: ERR DB index is out of range. Check REDIS_URL.`,
  ],
  'the master key of another database': () => [
    { databaseUrl: deployment.databaseUrl, env: { REKEY_SECRET: 'another-master-key-canary-0123456789-abcd' } },
    'REKEY_SECRET is not the one this database was set up with',
  ],
  'a misspelt setting': () => [
    { env: { REKEY_ISUER: 'canary' } },
    'The configuration has a problem:\n  - REKEY_ISUER is not a setting. Did you mean REKEY_ISSUER?',
  ],
};

it.each(Object.keys(problems))('%s ends a start with one sentence', async (what) => {
  if (what.startsWith('the master key')) await (await deployment.replica()).kill();
  const [options, sentence] = problems[what]!();
  const rekey = await RekeyProcess.launch(options);
  expect(await rekey.exited).toEqual({ code: 1, signal: null });
  const said = rekey.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(said.join('\n')).toContain(sentence);
  expect(said).toHaveLength(sentence.split('\n').length);
  expect(rekey.output).not.toContain('canary');
});

it('a Redis that is away ends no start', async () => {
  const rekey = await RekeyProcess.start(withRedis('redis://127.0.0.1:1'));
  await eventually(() => expect(rekey.output).toContain('Redis is away: ECONNREFUSED'));
  await rekey.kill();
});

it('an older Node is told so before anything is built', () => {
  const older = `--import=data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.18.3'})`;
  const { status, stdout, stderr } = spawnSync('npm', ['start', '--silent'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NODE_OPTIONS: older },
    timeout: 60_000,
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'Rekey needs Node.js 20.19 or newer, and this is 20.18.3: see https://nodejs.org\n',
  });
});
