/**
 * A Unix socket beside the port, for the command line on the same machine or in the same container. Who may connect is a matter
 * of the file system, so it needs no TLS; credentials are asked for as everywhere.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StartProblem } from '../platform/config/start-problem.js';

const sockets = new WeakSet<Socket>();

/** Whether a request came over it. */
export const isFromAdminSocket = (socket: Socket): boolean => sockets.has(socket);

/** It closes after the server's own. @throws StartProblem when the path cannot be used */
export async function openAdminSocket(server: FastifyInstance, path: string): Promise<void> {
  const listener = createServer((request, response) => server.routing(request, response));
  listener.on('connection', (socket) => {
    sockets.add(socket);
    // A Unix socket has no address, and limits and logs need one.
    Object.defineProperty(socket, 'remoteAddress', { value: '127.0.0.1' });
  });
  server.server.once('close', () => {
    listener.close();
    listener.closeIdleConnections();
  });
  try {
    if (!(await isInUse(path))) rmSync(path, { force: true }); // left behind by a process that was killed
    await listenOn(listener, path);
    chmodSync(path, 0o600);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new StartProblem(`The socket ${path} (REKEY_ADMIN_SOCKET) cannot be used: ${reason}.`);
  }
}

/** Whether a process answers there. */
function isInUse(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(path, () => {
      attempt.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

const listenOn = (listener: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(path, resolve);
  });
