import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpConfig } from '../../config/config.types.js';
import { StoaError } from '../errors/stoa-error.js';
import { newRequestId } from '../request-context/request-id.js';
import { writeProblem } from './raw-problem.js';

/** Time-outs of Node's HTTP server (ms) and its other bounds: slow or idle clients hold nothing for long. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  // Of a connection on which nothing moves in the middle of an answer: who does not read is not waited for. Node looks twice, so it
  // takes up to double.
  timeout: 15_000,
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

const SOCKET_PATH = '/socket.io/';
/** What opens a socket: no `sid`, since nobody changes from another transport. */
const SOCKET_QUERY = [
  ['EIO', '4'],
  ['transport', 'websocket'],
  ['sid', ''],
] as const;

const REQUEST_LINE = /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]\r\n/;

interface ParseError extends NodeJS.ErrnoException {
  /** What the parser stumbled over. */
  rawPacket?: Buffer;
}

/** Sets the bounds of the HTTP server, and makes what fails below Express answer as all else does: a problem with a request id. */
export function configureServer(server: Server, { secure }: Pick<HttpConfig, 'secure'>): void {
  Object.assign(server, LIMITS, { shouldUpgradeCallback: isSocketUpgrade });
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    // In the middle of an answer nothing can be said any more.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) return void socket.destroy();
    const answer = { requestId: newRequestId(), secure };
    if (isUnknownMethod(error)) writeProblem(socket, new StoaError('METHOD_NOT_ALLOWED'), answer);
    else
      writeProblem(socket, new StoaError('INPUT_INVALID'), { ...answer, status: STATUS_OF[error.code ?? ''] ?? 400 });
  });
  // Without a listener Node hangs up on it.
  server.on('connect', (_, socket) =>
    writeProblem(socket, new StoaError('METHOD_NOT_ALLOWED'), { requestId: newRequestId(), secure }),
  );
  // An expectation that we do not know may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}

/**
 * Other upgrades (h2c, WebSocket elsewhere, or of what Engine.IO would refuse) are ignored, as RFC 9110, 7.8 allows: such a request
 * is answered like any other.
 */
function isSocketUpgrade({ headers, method, url = '' }: IncomingMessage): boolean {
  if (method !== 'GET' || !isWebSocket(headers)) return false;
  const [path, query] = url.split('?');
  const asked = new URLSearchParams(query);
  return path === SOCKET_PATH && SOCKET_QUERY.every(([name, value]) => asked.getAll(name).join() === value);
}

/** What `ws` takes, and would answer otherwise by itself. We speak no subprotocol. */
const isWebSocket = (headers: IncomingHttpHeaders): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' &&
  /^(8|13)$/.test(headers['sec-websocket-version'] ?? '') &&
  /^[+/\dA-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
  headers['sec-websocket-protocol'] === undefined;

/** A request line that is one, whose method the parser does not know. */
function isUnknownMethod({ code, rawPacket }: ParseError): boolean {
  return code === 'HPE_INVALID_METHOD' && REQUEST_LINE.test(rawPacket?.toString('latin1', 0, 2_048) ?? '');
}

function isAnswering(socket: Duplex): boolean {
  return (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true; // oxlint-disable-line no-underscore-dangle -- Node's name
}
