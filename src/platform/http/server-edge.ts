import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { StoaError } from '../errors/stoa-error.js';
import { newRequestId } from '../request-context/request-id.js';
import { writeProblem } from './raw-problem.js';

/** Time-outs of Node's HTTP server (ms) and its other bounds: slow or idle clients hold nothing for long. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  maxRequestsPerSocket: 1_000,
  maxConnections: 20_000,
  // How often the two time-outs are looked at; Node's default of 30 s would treble them.
  connectionsCheckingInterval: 1_000,
  // Ours to refuse, as any host that is not served.
  requireHostHeader: false,
  /** bytes */
  maxHeaderSize: 8 * 1_024,
};

/** What Node answers by itself, and with which status; all else that it cannot parse is 400. */
const STATUS_OF: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Sets the bounds of the HTTP server, and makes what fails below Express answer as all else does: a problem with a request id. */
export function configureServer(server: Server): void {
  Object.assign(server, LIMITS, { shouldUpgradeCallback: isSocketUpgrade });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // In the middle of an answer nothing can be said any more.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) return void socket.destroy();
    writeProblem(socket, new StoaError('INPUT_INVALID'), newRequestId(), STATUS_OF[error.code ?? ''] ?? 400);
  });
  // An expectation that we do not know may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}

/** Other upgrades (h2c, or WebSocket elsewhere) are ignored, as RFC 9110, 7.8 allows: such a request is answered like any other. */
function isSocketUpgrade({ headers, url = '' }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && url.startsWith('/socket.io');
}

function isAnswering(socket: Duplex): boolean {
  return (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true; // oxlint-disable-line no-underscore-dangle -- Node's name
}
