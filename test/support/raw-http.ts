/** Raw HTTP for requests that a well-behaved client refuses to send: broken or repeated headers, a slow body. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answer } from './requests.js';

export interface RawRequest {
  readonly method?: string;
  /** The request target, neither normalised nor encoded. */
  readonly path: string;
  /** Sent unchanged, in this order; Host, Connection and Content-Length are added. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

const END_OF_HEAD = '\r\n\r\n';

export const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const;

/** Sends one request on a separate connection, and reads until the server closes it. */
export async function exchange(url: string, request: RawRequest): Promise<Answer> {
  const socket = await open(url);
  const received = receive(socket);
  socket.write(messageOf(request), 'latin1');
  return parse(await received);
}

/** Sends the head of a request and the beginning of its body, and then nothing. Resolves with the server's response. */
export async function exchangeUnfinished(url: string, request: RawRequest): Promise<Answer> {
  const socket = await open(url);
  const received = receive(socket);
  socket.write(messageOf({ ...request, body: `${request.body ?? ''}${' '.repeat(100)}` }).slice(0, -100), 'latin1');
  return parse(await received);
}

/** Sends the head of a request, and its body only when `between` is over: the server has read the head by then (RFC 9110 §10.1.1). */
export async function exchangeSlowly(
  url: string,
  request: RawRequest,
  between: (socket: Socket) => Promise<void> | void,
): Promise<Answer> {
  const socket = await open(url);
  const received = receive(socket);
  const headers = [...(request.headers ?? []), ['Expect', '100-continue'] as const];
  const [head = '', body = ''] = messageOf({ ...request, headers }).split(END_OF_HEAD);
  const goOn = once(socket, 'data');
  socket.write(head + END_OF_HEAD, 'latin1');
  await goOn;
  await between(socket);
  socket.write(body, 'latin1');
  return parse((await received).replace(`HTTP/1.1 100 Continue${END_OF_HEAD}`, ''));
}

/** Sends the head of a request and the beginning of its body, and hangs up. */
export async function hangUp(url: string, request: RawRequest): Promise<void> {
  await exchangeSlowly(url, request, (socket) => void socket.resetAndDestroy());
}

/** Sends arbitrary bytes. */
export async function exchangeBytes(url: string, bytes: string | Buffer): Promise<Answer> {
  const socket = await open(url);
  const received = receive(socket);
  socket.write(bytes);
  return parse(await received);
}

function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once('error', reject);
  });
}

function receive(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A reset after the response counts as a close.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

function messageOf({ method = 'POST', path, headers = [], body = '' }: RawRequest): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: rekey.test',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(method === 'POST' ? [`Content-Length: ${body.length}`] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function parse(received: string): Answer {
  const end = received.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = received.slice(0, Math.max(end, 0)).split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  const text = Buffer.from(end < 0 ? '' : received.slice(end + 4), 'latin1').toString('utf8');
  const isJson = /json/.test(headers.get('content-type') ?? '') && text !== '';
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, text, body: isJson ? JSON.parse(text) : {} };
}
