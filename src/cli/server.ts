/** Where the commands find the server: a URL, or the Unix socket of a server on this machine. */
import { request } from 'node:http';

export interface Call {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Server {
  /** For messages. */
  readonly name: string;
  /** The setting that says where it is. */
  readonly setting: string;
  /** @param path below the issuer @throws as fetch does */
  readonly send: (path: string, call: Call) => Promise<{ status: number; text: string }>;
}

const DEFAULT_URL = 'http://127.0.0.1:3000';
const TIMEOUT_MS = 30_000;

export function serverOf(environment: NodeJS.ProcessEnv): Server {
  const socket = environment.REKEY_ADMIN_SOCKET;
  if (!environment.REKEY_URL && socket) return atSocket(socket, issuerPathOf(environment.REKEY_ISSUER));
  return atUrl((environment.REKEY_URL || DEFAULT_URL).replace(/\/+$/, ''));
}

const atUrl = (url: string): Server => ({
  name: url,
  setting: 'REKEY_URL',
  send: async (path, call) => {
    const response = await fetch(url + path, { ...call, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, text: await response.text() };
  },
});

/** fetch cannot connect to a socket. */
const atSocket = (socketPath: string, base: string): Server => ({
  name: `The socket ${socketPath}`,
  setting: 'REKEY_ADMIN_SOCKET',
  send: (path, { method, headers, body = '' }) =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const length = { 'content-length': Buffer.byteLength(body) };
      const options = { socketPath, path: base + path, method, headers: { ...headers, ...length }, signal };
      const sent = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on('error', reject).end(body);
    }),
});

const issuerPathOf = (issuer: string | undefined): string =>
  issuer && URL.canParse(issuer) ? new URL(issuer).pathname.replace(/\/+$/, '') : '';
