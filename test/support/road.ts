/**
 * A TCP proxy whose destination can be changed or cut: simulates a failover behind a virtual IP or DNS name, and a lost network.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export class Road {
  private readonly sockets = new Set<Socket>();
  private readonly farEnds = new Set<Socket>();
  #travelled = 0;

  private constructor(
    private readonly server: Server,
    private port: number,
    latencyMs: number,
  ) {
    server.on('connection', (near) => {
      this.#travelled++;
      const far = connect(this.port, '127.0.0.1');
      this.farEnds.add(far);
      far.on('close', () => this.farEnds.delete(far));
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(from);
        from
          .on('error', () => undefined)
          .on('close', () => {
            this.sockets.delete(from);
            to.destroy();
          });
        if (latencyMs === 0) from.pipe(to);
        else from.pipe(delayLine(latencyMs)).pipe(to);
      }
    });
  }

  /** @param latencyMs each way */
  static async to(port: number, latencyMs = 0): Promise<Road> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Road(server, port, latencyMs);
  }

  /** For Redis. */
  get url(): string {
    return `redis://127.0.0.1:${this.entrance}`;
  }

  /** The port on which it listens. */
  get entrance(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The number of connections so far. */
  get travelled(): number {
    return this.#travelled;
  }

  /** The number of open sockets; 0 without connections. */
  get openEnds(): number {
    return this.sockets.size;
  }

  leadTo(port: number): void {
    this.port = port;
    this.cut();
  }

  /** Destroys all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Requests still arrive, but answers are lost. */
  loseAnswers(): void {
    for (const far of this.farEnds) far.unpipe().resume();
  }

  /** Connections stay open but nothing passes, like half-open connections. */
  silence(): void {
    for (const socket of this.sockets) socket.unpipe();
  }

  close(): void {
    this.server.close();
    this.cut();
  }
}

/** Delays each chunk, but not the next one on top of it. */
const delayLine = (ms: number): Transform =>
  new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), ms);
      done();
    },
  });
