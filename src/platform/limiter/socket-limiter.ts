import { Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import type { ClientEvent } from '../../contracts/socket-events.js';
import { Audit } from '../audit/audit.js';
import { RateLimited } from '../errors/stoa-error.js';
import { Metrics } from '../metrics/metrics.js';
import { emitBehindReady } from '../realtime/behind-ready.js';
import { disconnectNow } from '../realtime/close-connection.js';
import type { Connection } from '../realtime/connection.types.js';
import { EventGate } from '../realtime/event-gate.port.js';
import { Clock } from '../time/clock.js';
import { EventBuckets } from './event-buckets.js';
import { HandshakeLimits } from './handshake-limits.js';
import { BAD_EVENT_LIMIT, SOCKET_LIMIT, SOCKET_STRIKES } from './limits.js';
import { LocalGcra } from './local-gcra.js';

/**
 * Limits of what sockets send: per socket, and per user and event. In this process's memory, so that a message waits for no store;
 * a user has one live connection, so one process sees all of it, and hands it on with them (`SpentLimits`).
 */
@Injectable()
export class SocketLimiter extends EventGate {
  private readonly buckets = new LocalGcra();
  private readonly refusals;

  constructor(
    private readonly runtime: RuntimeConfig,
    private readonly clock: Clock,
    private readonly handshakes: HandshakeLimits,
    metrics: Metrics,
    private readonly audit: Audit,
    private readonly events: EventBuckets,
  ) {
    super();
    this.refusals = metrics.counter('stoa_socket_limit_excess_total', 'Socket events over a limit', {
      labels: ['limit'],
    });
  }

  /** @throws RateLimited */
  override admit(connection: Connection): void {
    if (!this.runtime.rateLimits) return;
    const { connectionId } = connection.data;
    const now = this.clock.monotonicMs();
    const flood = this.buckets.take(connectionId, SOCKET_LIMIT, now);
    if (!flood.allowed) {
      if (this.isStruckOut(connectionId, now)) this.close(connection);
      this.refuse('socket', flood.retryAfterMs);
    }
  }

  /** @throws RateLimited */
  override charge(connection: Connection, event: ClientEvent): void {
    if (!this.runtime.rateLimits) return;
    const wait = this.events.take(connection.data.identity.userId, event, this.clock.monotonicMs());
    if (wait > 0) this.refuse(event, wait);
  }

  override strike(connection: Connection): boolean {
    if (!this.runtime.rateLimits) return false;
    const { identity, connectionId } = connection.data;
    const { allowed } = this.buckets.take(`${connectionId} bad`, BAD_EVENT_LIMIT, this.clock.monotonicMs());
    if (!allowed) this.handshakes.noteExpulsion(identity.userId);
    return !allowed;
  }

  /** A flood counts once a second: a burst that came in one packet is one fault. */
  private isStruckOut(connectionId: string, now: number): boolean {
    const counts = this.buckets.take(`${connectionId} second`, { count: 1, perMs: 1_000 }, now).allowed;
    return counts && !this.buckets.take(`${connectionId} strikes`, SOCKET_STRIKES, now).allowed;
  }

  private close(connection: Connection): void {
    const { userId } = connection.data.identity;
    this.handshakes.noteExpulsion(userId);
    this.audit.tally({ event: 'connection.expel', actor: userId, result: 'refused', reason: 'EVENTS' });
    emitBehindReady(connection, 'server:notice', { code: 'RATE_LIMITED', message: 'Too many events.' });
    // The refusal of this event goes out first.
    setImmediate(() => disconnectNow(connection));
  }

  private refuse(limit: string, retryAfterMs: number): never {
    this.refusals.inc({ limit });
    throw new RateLimited(retryAfterMs);
  }
}
