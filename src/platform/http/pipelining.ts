import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that wait for their answers: one, and one that comes before the end of the first is written down. */
const MAX_UNANSWERED = 2;

/**
 * Ends connections that ask on and on without waiting for answers (pipelining, which no browser and no proxy does): Node takes up all
 * that comes in one piece at once, and keeps what it answers until it can be sent. Before everything else that hears of requests.
 */
export function refusePipelines(server: Server): void {
  const listeners = server.rawListeners('request') as RequestListener[];
  const unanswered = new WeakMap<Socket, number>();
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const { socket } = request;
    // What came in the same piece as the one that was too many.
    if (socket.destroyed) return;
    const waiting = (unanswered.get(socket) ?? 0) + 1;
    if (waiting > MAX_UNANSWERED) return void socket.destroy();
    unanswered.set(socket, waiting);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    for (const listener of listeners) listener.call(server, request, response);
  });
}
