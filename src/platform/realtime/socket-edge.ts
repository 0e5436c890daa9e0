import { SpanKind } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import { ERROR_CODES } from '../../contracts/error-codes.js';
import { CLIENT_EVENTS } from '../../contracts/socket-events.js';
import type { ClientEvent } from '../../contracts/socket-events.js';
import { accessRefusal } from '../audit/access-refusal.js';
import { Audit } from '../audit/audit.js';
import type { AuditEntry } from '../audit/audit.js';
import { toSocketError, toStoaError } from '../errors/error-mapper.js';
import { InputInvalid, StoaError } from '../errors/stoa-error.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { newRequestId } from '../request-context/request-id.js';
import { runInContext } from '../request-context/request-context.js';
import { traced } from '../tracing/traced.js';
import { compileDto } from '../validation/compile-dto.js';
import type { DtoCheck } from '../validation/compile-dto.js';
import { Unheard, isBehind, untilRead } from './back-pressure.js';
import { emitBehindReady } from './behind-ready.js';
import { disconnectNow } from './close-connection.js';
import { ConnectionLifecycle } from './connection-lifecycle.port.js';
import type { Connection } from './connection.types.js';
import { EventGate } from './event-gate.port.js';
import { tapEvents } from './event-tap.js';
import { SocketOrder } from './socket-order.js';
import { ackPacket } from './socket-wire.js';
import { writePacket } from './socket-writer.js';

/** A gateway's method as the edge calls it. */
export type EventHandler = (connection: Connection, payload: unknown) => unknown;

type AckFunction = (answer: unknown) => void;

/** Events of one socket that may wait for their turn; one more is refused with `BUSY`. */
const MAX_WAITING = 64;

const SERVER_SPAN = { kind: SpanKind.SERVER };

const KNOWN_EVENTS: ReadonlySet<string> = new Set(Object.keys(CLIENT_EVENTS));

const checks = new Map<string, DtoCheck>(Object.entries(CLIENT_EVENTS).map(([event, dto]) => [event, compileDto(dto)]));

/**
 * The one way in for socket events: limit, validate, keep the socket's order, call the handler, acknowledge.
 * Every event is acknowledged, whatever happens; an unknown one too.
 */
@Injectable()
export class SocketEdge {
  private readonly seconds;
  private readonly refusals;
  private readonly unheard;
  private readonly closed;
  private readonly closing = new Set<Promise<void>>();

  constructor(
    private readonly lifecycle: ConnectionLifecycle,
    private readonly log: Log,
    metrics: Metrics,
    private readonly gate: EventGate,
    private readonly audit: Audit,
  ) {
    this.seconds = metrics.histogram(
      'stoa_socket_event_seconds',
      'From arrival of an event to its acknowledgement; `failed`: refused for our reasons, `refused`: for theirs',
      { labels: ['event', 'outcome'] },
    );
    this.closed = metrics.counter(
      'stoa_socket_closed_total',
      'Connections that ended; `ping timeout`: half-open links',
      {
        labels: ['reason'],
      },
    );
    this.unheard = metrics.counter(
      'stoa_socket_unheard_total',
      'Events that were not worked out, as their connection ended without reading',
    );
    this.refusals = metrics.counter('stoa_socket_refusals_total', 'Events answered with an error', {
      labels: ['event', 'code'],
    });
  }

  /** Takes over a connection that passed the handshake. `handlers`: the gateways' methods by event. */
  attach(connection: Connection, handlers: ReadonlyMap<string, EventHandler>): void {
    const order = new SocketOrder(MAX_WAITING);
    const attached: Attached = { connection, order, handlers, isOpen: false };
    connection.data.order = order;
    // The way of known events; what it leaves to Socket.IO comes by the other.
    const tapped = tapEvents(connection, KNOWN_EVENTS, ({ ackId, data }) =>
      this.receive(attached, data, (answer) => writePacket(connection, ackPacket(ackId, answer))),
    );
    if (!tapped) this.log.warn({ event: 'connection.not_tapped' });
    connection.onAny((...data: [event: string, ...args: unknown[]]) => {
      const ack = data.pop();
      if (typeof ack === 'function') this.receive(attached, data, ack as AckFunction);
      else this.strike(connection);
    });
    connection.once('disconnect', (reason) => {
      this.closed.inc({ reason });
      // Whoever leaves the namespace has nothing left to keep a transport for: it would outlive the session.
      connection.conn.close();
      const closing = order
        .addLast(() => this.inContext(connection, newRequestId(), () => this.lifecycle.closed(connection, reason)))
        .catch((error: unknown) => this.log.warn({ event: 'connection.close_failed', err: error }))
        .finally(() => this.closing.delete(closing));
      this.closing.add(closing);
    });
    order
      .add(() => this.inContext(connection, newRequestId(), () => this.lifecycle.opened(connection)))
      .then(() => (attached.isOpen = true))
      .catch((error: unknown) => this.refuseConnection(connection, error));
  }

  /** Resolves when every connection that is gone was also dealt with. */
  async settled(): Promise<void> {
    await Promise.all(this.closing);
  }

  /** `data`: the event's name, then what came with it. */
  private receive(attached: Attached, data: [string, ...unknown[]], ack: AckFunction): void {
    const { connection, order, handlers, isOpen } = attached;
    let startedAt = performance.now();
    const requestId = newRequestId();
    const name = KNOWN_EVENTS.has(data[0]) ? (data[0] as ClientEvent) : undefined;
    const event = name ?? 'unknown';
    const fail = (error: unknown): void => this.refuse(ack, error, { connection, requestId, event, startedAt });
    try {
      if (connection.data.closing) throw new StoaError(connection.data.closing);
      this.gate.admit(connection);
      if (name && isOpen) this.gate.charge(connection, name);
      const handler = name && handlers.get(name);
      if (!handler) throw new StoaError('EVENT_UNKNOWN');
      const payload = checkPayload(name, data);
      const work = async (): Promise<unknown> => {
        if (isBehind(connection)) {
          await untilRead(connection);
          // How long the client did not read is no latency of ours.
          startedAt = performance.now();
        }
        // In its turn, and so after the opening.
        if (!isOpen) this.gate.charge(connection, name);
        return handler(connection, payload);
      };
      order
        .add(() => this.inContext(connection, requestId, () => traced(`socket ${name}`, SERVER_SPAN, work)))
        .then((result) => {
          ack({ ok: true, data: result ?? {} });
          this.seconds.observe({ event, outcome: 'ok' }, secondsSince(startedAt));
        })
        .catch(fail);
    } catch (error) {
      fail(error);
      if (error instanceof InputInvalid || (error instanceof StoaError && error.code === 'EVENT_UNKNOWN'))
        this.strike(connection);
    }
  }

  private refuse(ack: AckFunction, error: unknown, { connection, requestId, event, startedAt }: Asked): void {
    if (error instanceof Unheard) return this.unheard.inc();
    const mapped = toStoaError(error);
    this.refusals.inc({ event, code: mapped.code });
    const entry = mapped.code === 'RATE_LIMITED' ? limitRefusal(event) : accessRefusal(mapped.code, event);
    if (entry) this.inContext(connection, requestId, () => this.audit.tally(entry));
    if (mapped.level !== 'debug')
      this.log[mapped.level]({
        event: 'socket.event_failed',
        name: event,
        code: mapped.code,
        requestId,
        err: mapped.cause ?? mapped,
      });
    ack({ ok: false, error: toSocketError(mapped, requestId) });
    const outcome = ERROR_CODES[mapped.code].status >= 500 ? 'failed' : 'refused';
    this.seconds.observe({ event, outcome }, secondsSince(startedAt));
  }

  private strike(connection: Connection): void {
    if (!this.gate.strike(connection)) return;
    const entry = { event: 'connection.expel', result: 'refused', reason: 'INVALID_EVENTS' } as const;
    this.inContext(connection, newRequestId(), () => this.audit.tally(entry));
    emitBehindReady(connection, 'server:notice', { code: 'RATE_LIMITED', message: 'Too many invalid events.' });
    disconnectNow(connection);
  }

  /** Without a word: the first event on every connection is `session:ready`, and here is no state to tell. The client comes back. */
  private refuseConnection(connection: Connection, error: unknown): void {
    const { code } = toStoaError(error);
    this.log.warn({ event: 'connection.open_failed', code, connectionId: connection.data.connectionId, err: error });
    disconnectNow(connection);
  }

  private inContext<T>(connection: Connection, requestId: string, work: () => T): T {
    const { connectionId, ipHash, identity } = connection.data;
    return runInContext({ requestId, connectionId, userId: identity.userId, ...(ipHash ? { ipHash } : {}) }, work);
  }
}

/** One event, as its refusal is told. */
interface Asked {
  connection: Connection;
  requestId: string;
  event: string;
  /** Monotonic (ms). */
  startedAt: number;
}

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1_000;

const limitRefusal = (event: string): AuditEntry => ({
  event: 'limit.refuse',
  result: 'refused',
  reason: `socket ${event}`,
});

interface Attached {
  connection: Connection;
  order: SocketOrder;
  handlers: ReadonlyMap<string, EventHandler>;
  /** Its opening is done. */
  isOpen: boolean;
}

/** An event carries one payload and its acknowledgement; a missing payload counts as `{}` only where nothing is required. */
function checkPayload(event: ClientEvent, data: unknown[]): unknown {
  if (data.length > 2) throw new InputInvalid([{ field: '', code: 'count' }]);
  const payload = data.length === 2 ? data[1] : {};
  const errors = checks.get(event)?.(payload);
  if (errors) throw new InputInvalid(errors);
  return payload;
}
