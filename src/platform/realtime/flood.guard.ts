import { Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import { Audit } from '../audit/audit.js';
import { HandshakeLimits } from '../limiter/handshake-limits.js';
import { burstOf, emissionMs } from '../limiter/limit.types.js';
import { SMALLEST_FRAME, TRANSPORT_BYTES } from '../limiter/limits.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import type { RealtimeServer } from './connection.types.js';
import type { EngineSocket } from './engine-socket.js';
import { eventPacket } from './socket-wire.js';

const BYTE_MS = emissionMs(TRANSPORT_BYTES);
const BURST_MS = burstOf(TRANSPORT_BYTES) * BYTE_MS;

const NOTICE = eventPacket('server:notice', { code: 'RATE_LIMITED', message: 'Too much data.' });
/** How long the notice has to arrive (ms): who is busy sending reads late, and meets the reset first when nobody waits. */
const LINGER = 1_000;

/**
 * Closes transports that send more than anybody types. Below the limits of events: it also meets what is no event
 * (connects to other namespaces, acknowledgements of nothing) and who has not signed in.
 */
@Injectable()
export class FloodGuard {
  private readonly closed;

  constructor(
    private readonly runtime: RuntimeConfig,
    private readonly log: Log,
    private readonly handshakes: HandshakeLimits,
    metrics: Metrics,
    private readonly audit: Audit,
  ) {
    this.closed = metrics.counter('stoa_socket_floods_total', 'Transports closed because they sent too many bytes');
  }

  watch(server: RealtimeServer): void {
    if (!this.runtime.rateLimits) return;
    server.engine.on('connection', (transport: EngineSocket) => this.meter(transport));
  }

  /** GCRA with bytes for events: `paidUntil` is when the bucket would be empty (ms). */
  private meter(engine: EngineSocket): void {
    let paidUntil = 0;
    let isClosed = false;
    engine.on('packet', ({ data }) => {
      // What was read together with the packet that was too much.
      if (isClosed) return;
      const now = performance.now();
      paidUntil = Math.max(paidUntil, now) + Math.max(Buffer.byteLength(data ?? ''), SMALLEST_FRAME) * BYTE_MS;
      if (paidUntil - now <= BURST_MS) return;
      isClosed = true;
      this.closed.inc();
      this.handshakes.noteFlood(engine);
      this.log.info({ event: 'connection.flood' });

      farewell(engine);
      this.audit.tally({ event: 'connection.expel', result: 'refused', reason: 'BYTES' });
    });
  }
}

/** Says why, reads nothing more, and is gone a moment later: what is not read would reset the connection before it was told. */
function farewell(engine: EngineSocket): void {
  const { socket } = engine.transport;
  engine.write(NOTICE);
  socket?.pause();
  setTimeout(() => socket?.terminate(), LINGER).unref();
}
