import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import type { Connection, RealtimeServer } from './connection.types.js';
import { engineOf } from './engine-socket.js';
import type { EngineSocket } from './engine-socket.js';
import { MIN_PROGRESS, slowConsumers } from './slow-consumers.js';
import type { Backlog } from './slow-consumers.js';

/** ms between two looks */
const INTERVAL = 1_000;

/** A connection that has something unread (ms on this process's clock). */
interface Behind {
  since: number;
  /** When it last had read as much as counts, and what it had read in all by then (bytes). */
  stalledSince: number;
  taken: number;
}

/** Closes connections that do not read: the client comes back and pages, and our memory stays flat. */
@Injectable()
export class SlowConsumerGuard implements BeforeApplicationShutdown {
  private readonly behind = new WeakMap<Connection, Behind>();
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
    this.timer = setInterval(() => this.look([...server.sockets.sockets.values()]), INTERVAL);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private look(connections: Connection[]): void {
    const backlogs = connections.map((connection) => this.backlogOf(connection));
    this.unread = backlogs.reduce((sum, { unread }) => sum + unread, 0);
    for (const { connection, unread } of slowConsumers(backlogs)) {
      this.closed.inc();
      this.log.info({ event: 'connection.slow_consumer', connectionId: connection.data.connectionId, unread });
      connection.data.leftUnread = true;
      // Not `disconnect`: a farewell would wait behind what is not read.
      engineOf(connection).transport.socket?.terminate();
    }
  }

  private backlogOf(connection: Connection): Backlog & { connection: Connection } {
    const engine = engineOf(connection);
    const unread = unreadBytes(engine);
    if (unread === 0) {
      this.behind.delete(connection);
      return { connection, unread, unreadMs: 0, stalledMs: 0 };
    }
    const [now, taken] = [performance.now(), takenBytes(engine)];
    const behind = this.behind.get(connection) ?? { since: now, stalledSince: now, taken };
    this.behind.set(connection, behind);
    if (taken - behind.taken >= MIN_PROGRESS) Object.assign(behind, { stalledSince: now, taken });
    return { connection, unread, unreadMs: now - behind.since, stalledMs: now - behind.stalledSince };
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

/** What the kernel has taken of all that was written (bytes): a long frame counts as unread to its last byte, and moves this. */
export function takenBytes({ transport }: Pick<EngineSocket, 'transport'>): number {
  const { _socket: tcp } = transport.socket ?? {};
  const { _handle: handle } = tcp ?? {};
  return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
}
