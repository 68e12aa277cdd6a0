import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFileSync } from '@swc/core';
import pg from 'pg';
import { PostgresServer } from './postgres-server.js';
import { findProgram } from './server-process.js';

const ask = async <Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined); // a server that is killed takes its connections with it
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
};

describe('PostgresServer', () => {
  let server: PostgresServer;
  beforeAll(async () => (server = await PostgresServer.start()));
  afterAll(() => server.stop());

  it('the server runs with default durability and gives each caller its own database', async () => {
    const [one, other] = await Promise.all([server.createDatabase(), server.createDatabase()]);
    await ask(one, 'CREATE TABLE t (x int)');
    expect(await ask(other, `SELECT to_regclass('t') AS t`)).toEqual([{ t: null }]);
    expect(await ask(one, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('a killed server comes back on the same port with its committed data', async () => {
    const url = await server.createDatabase();
    await ask(url, 'CREATE TABLE t AS SELECT 42 AS x');
    await server.kill();
    await expect(ask(url, 'SELECT 1')).rejects.toThrow();
    await server.restart();
    expect(await ask(url, 'SELECT x FROM t')).toEqual([{ x: 42 }]);
  });

  it('a paused server answers nothing, even on open connections, until it is resumed', async () => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    server.pause();
    const answer = client.query<{ x: number }>('SELECT 42 AS x');
    expect(await Promise.race([answer, sleep(300, 'silence')])).toBe('silence');
    server.resume();
    expect((await answer).rows).toEqual([{ x: 42 }]);
    await client.end();
  });
});

describe('servers for tests', () => {
  it('a program that is not installed is an error that names its Debian package', () => {
    expect(() => findProgram('no-such-server', [], 'redis-server')).toThrow(
      /install the Debian package "redis-server"/,
    );
  });

  it('the servers and their files are removed when the process that started them is killed', async () => {
    const { starter, directory, pid } = await startFromAnotherProcess();
    expect(isAlive(pid)).toBe(true);
    starter.kill('SIGKILL');
    for (let tries = 0; tries < 100 && (isAlive(pid) || existsSync(directory)); tries++) await sleep(50);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });
});

/** A Node.js process that starts a Redis just as the tests do, and then waits to be killed. */
async function startFromAnotherProcess() {
  const scratch = mkdtempSync(join(tmpdir(), 'rekey-starter-'));
  const directory = mkdtempSync(join(tmpdir(), 'rekey-redis-'));
  const source = join(dirname(fileURLToPath(import.meta.url)), 'server-process.ts');
  writeFileSync(
    join(scratch, 'server-process.mjs'),
    transformFileSync(source, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }).code,
  );
  writeFileSync(
    join(scratch, 'starter.mjs'),
    `import { freePort, ServerProcess, watchOver } from './server-process.mjs';
     watchOver(${JSON.stringify(directory)});
     const args = ['--port', String(await freePort()), '--bind', '127.0.0.1', '--save', ''];
     const server = await ServerProcess.start({ file: ${JSON.stringify(findProgram('redis-server', [], 'redis-server'))}, args, ready: /Ready to accept/ }, ${JSON.stringify(directory)});
     console.log(server.pid);
     setInterval(() => undefined, 1000);`,
  );
  const starter = spawn(process.execPath, [join(scratch, 'starter.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  rmSync(scratch, { recursive: true });
  return { starter, directory, pid: Number(line.toString()) };
}

function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
