import type { IncomingMessage } from 'node:http';
import type { Connection } from './connection.types.js';

/**
 * What we use of the inside of a Socket.IO connection, which no type of theirs promises: the versions are pinned in package.json,
 * and `socket-internals.int.ts` fails when one of these parts is not what it was. Why, and what holds: ADR 14.
 */
export interface EngineSocket {
  /** The upgrade request. */
  request: IncomingMessage;
  readyState: string;
  /** Packets that wait for the transport. Empty: all that was sent is in the TCP socket's own queue. */
  writeBuffer: { data?: unknown }[];
  transport: { socket?: WebSocketInside };
  write(packet: string): void;
  on(event: 'data', listener: (data: unknown) => void): void;
  on(event: 'packet', listener: (packet: { data?: string | Buffer }) => void): void;
  on(event: 'close', listener: () => void): void;
  listeners(event: 'data'): unknown[];
  removeListener(event: 'data', listener: unknown): void;
}

/** The parts of `ws`. */
export interface WebSocketInside {
  readyState: number;
  bufferedAmount: number;
  /** Node's socket and libuv's below it; gone once it is closed. */
  _socket?: { _handle?: TcpInside | null } | null;
  /** Control frames, which ws answers or drops by itself: Engine.IO never hears of them. */
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): void;
  pause(): void;
  terminate(): void;
}

/** The part of libuv's TCP stream that tells how far a long write has come (bytes). */
interface TcpInside {
  /** Handed to libuv. */
  bytesWritten: number;
  /** Of that, what the kernel has not taken. */
  writeQueueSize: number;
}

/** The parts of Socket.IO's client: what decodes all of a transport's packets. */
export interface ClientInside {
  ondata: (this: void, data: unknown) => void;
  /** `reconstructor` is there while parts of a binary packet are awaited. */
  decoder: { reconstructor?: unknown };
}

export const engineOf = (connection: Connection): EngineSocket => connection.conn as unknown as EngineSocket;

export const clientOf = (connection: Connection): ClientInside => connection.client as unknown as ClientInside;
