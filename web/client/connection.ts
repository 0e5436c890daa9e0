import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { SocketError } from '../../src/contracts/error-codes.js';
import type {
  Ack,
  ClientEvent,
  ClientPayload,
  ClientReplies,
  RevokeReason,
  ServerEvent,
  ServerEvents,
} from '../../src/contracts/socket-events.js';
import { reconnectDelay } from './backoff.js';
import type { Random } from './backoff.js';
import type { ConnectionStatus } from './snapshot.js';
import { offline, StoaError, timedOut } from './stoa-error.js';

/** What the server may leave unanswered for so long (ms) before it counts as unanswered. */
const ACK_TIMEOUT_MS = 5_000;
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** Whether the session still stands: asked when a handshake is refused, or fails twice without a reason. */
export type SessionCheck = 'valid' | 'gone' | 'unreachable';

export interface ConnectionOptions {
  /** Empty: the page's own origin. */
  baseUrl: string;
  csrfToken(): string;
  /** `Cookie` and `Origin`, where no browser sends them. */
  headers(): Record<string, string>;
  /** Also renews the CSRF token. */
  checkSession(): Promise<SessionCheck>;
  onStatus(status: ConnectionStatus, reason?: RevokeReason): void;
  onEvent<E extends ServerEvent>(event: E, payload: ServerEvents[E]): void;
  random?: Random;
}

/** The one live socket: connects, reconnects with jitter, and knows when not to. */
export class Connection {
  private socket: Socket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private status: ConnectionStatus = 'closed';

  constructor(private readonly options: ConnectionOptions) {}

  /** Connects anew, also when superseded or revoked before: this is the person's own wish. */
  open(): void {
    this.failures = 0;
    this.setStatus('connecting');
    this.connect();
  }

  close(): void {
    this.stop('closed');
  }

  /** Does not wait for the back-off: the network is back, or the person is. */
  retryNow(): void {
    if (this.status === 'reconnecting' && !this.socket) this.connect();
  }

  /** Sends an event and gives the data of its acknowledgement; throws StoaError. */
  async request<E extends ClientEvent>(
    event: E,
    payload: ClientPayload<E>,
    timeoutMs = ACK_TIMEOUT_MS,
  ): Promise<ClientReplies[E]> {
    const socket = this.socket;
    if (!socket?.connected) throw offline();
    const answer = await new Promise<Ack<ClientReplies[E]>>((resolve, reject) => {
      socket.timeout(timeoutMs).emit(event, payload, (error: Error | null, ack: Ack<ClientReplies[E]>) => {
        if (error) reject(socket.connected ? timedOut() : offline());
        else resolve(ack);
      });
    });
    if (!answer.ok) throw new StoaError(answer.error);
    return answer.data;
  }

  private connect(): void {
    this.drop();
    const socket = io(this.options.baseUrl || undefined, {
      path: '/socket.io',
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: HANDSHAKE_TIMEOUT_MS,
      auth: { csrfToken: this.options.csrfToken() },
      extraHeaders: this.options.headers(),
    });
    this.socket = socket;
    const ifCurrent =
      <A extends unknown[]>(handle: (...args: A) => void) =>
      (...args: A) => {
        if (this.socket === socket) handle(...args);
      };
    socket.on(
      'connect_error',
      ifCurrent((error: Error & { data?: SocketError }) => void this.onRefused(error.data)),
    );
    socket.on(
      'disconnect',
      ifCurrent(() => this.onLost()),
    );
    socket.onAny(ifCurrent((event: ServerEvent, payload: ServerEvents[ServerEvent]) => this.onEvent(event, payload)));
  }

  private onEvent<E extends ServerEvent>(event: E, payload: ServerEvents[E]): void {
    if (event === 'session:ready') {
      this.failures = 0;
      this.setStatus('online');
    }
    if (event === 'session:superseded') this.stop('superseded');
    if (event === 'session:revoked') this.stop('revoked', (payload as ServerEvents['session:revoked']).reason);
    if (event === 'server:draining') {
      this.connectIn((payload as ServerEvents['server:draining']).reconnectInMs);
    }
    this.options.onEvent(event, payload);
  }

  private onLost(): void {
    this.drop({ keepTimer: true });
    this.setStatus('reconnecting');
    if (this.timer === undefined) this.connectIn(this.nextDelay());
  }

  private async onRefused(error: SocketError | undefined): Promise<void> {
    this.drop();
    if (error?.code === 'SUSPENDED') return this.stop('revoked', 'suspended');
    if (this.status !== 'connecting') this.setStatus('reconnecting');
    const delay = Math.max(error?.retryAfterMs ?? 0, this.nextDelay());
    const asks = error ? error.code === 'UNAUTHENTICATED' || error.code === 'CSRF_INVALID' : this.failures >= 2;
    this.connectIn(delay);
    if (!asks) return;
    const waiting = this.timer;
    const session = await this.options.checkSession();
    if (session === 'gone' && this.timer === waiting) this.stop('revoked', 'expired');
  }

  private nextDelay(): number {
    return reconnectDelay(this.failures++, this.options.random);
  }

  private connectIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), ms);
  }

  private stop(status: ConnectionStatus, reason?: RevokeReason): void {
    this.drop();
    this.setStatus(status, reason);
  }

  private drop({ keepTimer = false } = {}): void {
    if (!keepTimer) {
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    const socket = this.socket;
    this.socket = undefined;
    socket?.disconnect();
  }

  private setStatus(status: ConnectionStatus, reason?: RevokeReason): void {
    this.status = status;
    this.options.onStatus(status, reason);
  }
}
