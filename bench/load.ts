/**
 * The load: concurrent sessions, each with its own connection, each sending the next request after its answer. Bare sockets and
 * prepared bytes, because load and server share the cores.
 */
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** @param previous the answer to the session's last request; undefined before the first */
export type Session = (previous: Answer | undefined) => string;

export interface LoadResult {
  readonly answersPerSecond: number;
  /** The timed requests. */
  readonly answers: number;
  /** The timed requests and those of the beginning. */
  readonly allAnswers: number;
  /** Answers other than 200, by status. */
  readonly failures: ReadonlyMap<number, number>;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
}

export const percentile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN;

export const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** A POST of a form, as bytes on the wire. @param cookie for a form that a page has shown */
export function formRequest(path: string, form: string, authorization?: string, cookie?: string): string {
  const auth = authorization === undefined ? '' : `authorization: ${authorization}\r\n`;
  const jar = cookie === undefined ? '' : `cookie: ${cookie}\r\n`;
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${auth}${jar}content-type: application/x-www-form-urlencoded\r\n` +
    `content-length: ${Buffer.byteLength(form)}\r\n\r\n${form}`
  );
}

const LAST_CHUNK = '\r\n0\r\n\r\n';

const unchunked = (body: string): string => body.replace(/(^|\r\n)[0-9a-f]+\r\n/gi, '');

const CLOSED = 'The server closed the connection';

export class Connection {
  private buffered = '';
  private closed = false;
  private waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('data', (text: string) => this.receive(text));
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => {
      this.closed = true;
      this.waiting?.reject(new Error(CLOSED));
    });
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  ask(request: string): Promise<Answer> {
    if (this.closed) return Promise.reject(new Error(CLOSED));
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private receive(text: string): void {
    this.buffered += text;
    const end = this.buffered.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.buffered.slice(0, end);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    const stop = length === undefined ? this.buffered.indexOf(LAST_CHUNK, end) : end + 4 + Number(length);
    if (stop < 0 || this.buffered.length < stop) return;
    const body = this.buffered.slice(end + 4, stop);
    const answer = { status: Number(head.slice(9, 12)), body: length === undefined ? unchunked(body) : body };
    this.buffered = this.buffered.slice(length === undefined ? stop + LAST_CHUNK.length : stop);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** The beginning of a round is not counted. */
const WARM_UP_MS = 500;

/**
 * Runs the sessions for this many seconds.
 * @param pace requests per second for all sessions together, evenly spread; undefined: each session asks as soon as it is answered
 */
export async function load(
  url: string,
  sessions: readonly Session[],
  seconds: number,
  pace?: number,
): Promise<LoadResult> {
  const connections = await Promise.all(sessions.map(() => Connection.open(url)));
  const start = performance.now();
  const from = start + WARM_UP_MS;
  const until = from + seconds * 1000;
  const everyMs = pace === undefined ? 0 : (1000 * sessions.length) / pace;
  const failures = new Map<number, number>();
  const latencies: number[] = [];
  let allAnswers = 0;
  await Promise.all(
    sessions.map(async (session, index) => {
      let answer: Answer | undefined;
      let due = start + (everyMs * index) / sessions.length;
      for (let now = performance.now(); now < until; due += everyMs) {
        // A request that is late because the one before was slow counts from when it was due.
        const sent = everyMs === 0 ? now : due > now ? await wakeAt(due) : due;
        answer = await connections[index]!.ask(session(answer));
        now = performance.now();
        allAnswers += 1;
        if (answer.status !== 200) failures.set(answer.status, (failures.get(answer.status) ?? 0) + 1);
        if (sent >= from && now < until) latencies.push(now - sent);
      }
      session(answer); // notes the last answer, for the next round to go on from
    }),
  );
  connections.forEach((connection) => connection.close());
  latencies.sort((a, b) => a - b);
  return { answersPerSecond: latencies.length / seconds, answers: latencies.length, allAnswers, failures, latencies };
}

const wakeAt = (due: number): Promise<number> =>
  new Promise((resolve) => setTimeout(() => resolve(performance.now()), due - performance.now()));

/** Sends each request once, over this many connections. */
export async function sendAll(url: string, requests: readonly string[], count: number): Promise<LoadResult> {
  const left = [...requests];
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(url)));
  const failures = new Map<number, number>();
  const latencies: number[] = [];
  const from = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let request = left.pop(); request !== undefined; request = left.pop()) {
        const sent = performance.now();
        const { status } = await connection.ask(request);
        if (status !== 200) failures.set(status, (failures.get(status) ?? 0) + 1);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const answersPerSecond = requests.length / ((performance.now() - from) / 1000);
  connections.forEach((connection) => connection.close());
  latencies.sort((a, b) => a - b);
  return { answersPerSecond, answers: requests.length, allAnswers: requests.length, failures, latencies };
}
