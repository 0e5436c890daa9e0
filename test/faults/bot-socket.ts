import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { Ack, ClientEvent, ClientPayload, ClientReplies } from '../../src/contracts/socket-events.js';

/** How long a bot waits for an acknowledgement (ms): the contract's client time-out. */
const ACK_TIMEOUT = 5_000;

/** Of Engine.IO, as it is written. */
const PONG = '3';
/** ms between two that nobody asked for, well within the 8 s that a ping may stay unanswered */
const PONG_INTERVAL = 2_000;

/** The client's WebSocket. */
interface Transport {
  pause(): void;
  resume(): void;
  send(frame: string): void;
}

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
  private pongs?: NodeJS.Timeout;
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

  /** Stops reading: what is sent fills the buffers on the way. It sends pongs all the same, lest a ping that it cannot see ends it first. */
  stopReading(): void {
    const { transport } = this;
    transport?.pause();
    this.pongs = setInterval(() => transport?.send(PONG), PONG_INTERVAL);
  }

  readOn(): void {
    clearInterval(this.pongs);
    this.transport?.resume();
  }

  private get transport(): Transport | undefined {
    return (this.socket.io.engine?.transport as unknown as { ws?: Transport } | undefined)?.ws;
  }

  close(): void {
    clearInterval(this.pongs);
    this.socket.disconnect();
  }

  /** Cuts the transport, as a network does that goes away. */
  cut(): void {
    this.socket.io.engine?.close();
  }
}
