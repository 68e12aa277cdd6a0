/**
 * Node's supervisor accepts each connection and hands it to a process, which confirms it. A process that is killed before it does
 * so leaves the connection open in the supervisor, and the client waits for ever. So connections being handed over are closed
 * with their process, and the client tries again.
 */
import type { Worker } from 'node:cluster';

/** What Node sends to a process with a connection (`act`), and what it gets back (`ack`). */
interface ClusterMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

interface Handle {
  close(): void;
}

type Send = (message: ClusterMessage, handle?: Handle, ...rest: unknown[]) => boolean;

export function closeUnacceptedAtExit(worker: Worker): void {
  const unaccepted = new Map<number | undefined, Handle>();
  const child = worker.process as unknown as { send: Send };
  const send = child.send.bind(child);
  child.send = (message, handle, ...rest) => {
    if (message.act === 'newconn' && handle) unaccepted.set(message.seq, handle);
    return send(message, handle, ...rest);
  };
  worker.process.on('internalMessage' as 'message', ({ ack }: ClusterMessage) => unaccepted.delete(ack));
  worker.once('exit', () => unaccepted.forEach((handle) => handle.close()));
}
