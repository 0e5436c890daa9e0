import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import type { Connection, RealtimeServer } from './connection.types.js';
import { engineOf } from './engine-socket.js';
import type { EngineSocket } from './engine-socket.js';

/** What one connection may leave unread (bytes): engine.io's own buffer has no bound. */
const MAX_UNREAD = 256 * 1_024;
/** How long it may leave anything unread (ms). */
const MAX_STALL = 10_000;
/** ms between two looks */
const INTERVAL = 1_000;

/** Closes connections that do not read: the client comes back and pages, and our memory stays flat. */
@Injectable()
export class SlowConsumerGuard implements BeforeApplicationShutdown {
  private readonly stalledSince = new WeakMap<Connection, number>();
  private readonly closed;
  private timer?: NodeJS.Timeout;
  /** What all connections together left unread at the last look (bytes). */
  private unread = 0;

  constructor(
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.closed = metrics.counter('stoa_socket_slow_consumers_total', 'Connections closed because they did not read');
    metrics.gauge('stoa_socket_unread_bytes', 'What was sent and not yet read, of all connections', () => this.unread);
  }

  watch(server: RealtimeServer): void {
    this.timer = setInterval(() => {
      this.unread = 0;
      for (const connection of server.sockets.sockets.values()) this.unread += this.check(connection);
    }, INTERVAL);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns bytes that it left unread */
  private check(connection: Connection): number {
    const engine = engineOf(connection);
    const unread = unreadBytes(engine);
    if (unread === 0) {
      this.stalledSince.delete(connection);
      return 0;
    }
    const now = performance.now();
    const since = this.stalledSince.get(connection) ?? now;
    this.stalledSince.set(connection, since);
    if (unread <= MAX_UNREAD && now - since < MAX_STALL) return unread;
    this.closed.inc();
    this.log.info({ event: 'connection.slow_consumer', connectionId: connection.data.connectionId, unread });
    // Not `disconnect`: a farewell would wait behind what is not read.
    engine.transport.socket?.terminate();
    return unread;
  }
}

/** In UTF-8: in memory a text takes as much, or less. Whoever reads has nothing in the engine's buffer to be measured. */
export function unreadBytes({ writeBuffer, transport }: Pick<EngineSocket, 'writeBuffer' | 'transport'>): number {
  const queued = writeBuffer.reduce(
    (sum, { data }) => sum + (typeof data === 'string' ? Buffer.byteLength(data) : 0),
    0,
  );
  return queued + (transport.socket?.bufferedAmount ?? 0);
}
