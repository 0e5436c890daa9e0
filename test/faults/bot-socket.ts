import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { Ack, ClientEvent, ClientPayload, ClientReplies } from '../../src/contracts/socket-events.js';

/** How long a bot waits for an acknowledgement (ms): the contract's client time-out. */
const ACK_TIMEOUT = 5_000;

export interface SocketOptions {
  url: string;
  origin: string;
  cookie: string;
  csrfToken: string;
  onEvent: (event: string, payload: unknown) => void;
  onClose: (reason: string) => void;
}

/** One connection; it never comes back by itself, so that the bot knows which is which. */
export class BotSocket {
  private readonly socket: Socket;
  isReady = false;
  isClosed = false;

  constructor({ url, origin, cookie, csrfToken, onEvent, onClose }: SocketOptions) {
    this.socket = io(url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: 5_000,
      auth: { csrfToken },
      extraHeaders: { cookie, origin },
    });
    const end = (reason: string): void => {
      this.isReady = false;
      this.isClosed = true;
      onClose(reason);
    };
    this.socket.on('connect_error', () => end('connect_error'));
    this.socket.on('disconnect', end);
    this.socket.onAny((event: string, payload: unknown) => {
      if (event === 'session:ready') this.isReady = true;
      onEvent(event, payload);
    });
  }

  /** @returns undefined when no answer came in time */
  async ask<E extends ClientEvent>(event: E, payload: ClientPayload<E>): Promise<Ack<ClientReplies[E]> | undefined> {
    if (!this.socket.connected) return undefined;
    const answer = this.socket.timeout(ACK_TIMEOUT).emitWithAck(event, payload) as Promise<Ack<ClientReplies[E]>>;
    // A connection that is gone will not answer.
    const gone = new Promise<undefined>((resolve) => this.socket.once('disconnect', () => resolve(undefined)));
    return Promise.race([answer.catch(() => undefined), gone]);
  }

  /** Stops reading, as a program does that hangs: what is sent fills the buffers on the way. */
  stopReading(): void {
    this.transport?.pause();
  }

  readOn(): void {
    this.transport?.resume();
  }

  private get transport(): { pause(): void; resume(): void } | undefined {
    return (this.socket.io.engine?.transport as unknown as { ws?: { pause(): void; resume(): void } } | undefined)?.ws;
  }

  close(): void {
    this.socket.disconnect();
  }

  /** Cuts the transport, as a network does that goes away. */
  cut(): void {
    this.socket.io.engine?.close();
  }
}
