import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import { Audit } from '../audit/audit.js';
import { HandshakeLimits } from '../limiter/handshake-limits.js';
import { burstOf, emissionMs } from '../limiter/limit.types.js';
import { SMALLEST_FRAME, TRANSPORT_BYTES } from '../limiter/limits.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { ByteAccount } from './byte-account.js';
import type { RealtimeServer } from './connection.types.js';
import type { EngineSocket } from './engine-socket.js';
import { eventPacket } from './socket-wire.js';

/** ms between two looks at what came over the wire */
const INTERVAL = 1_000;
/** Wire bytes a ms and at once: headers and masks come on top of what a frame counts for, and a look comes late by an interval. */
const WIRE = {
  byteMs: emissionMs(TRANSPORT_BYTES) / 1.1,
  burst: (burstOf(TRANSPORT_BYTES) + TRANSPORT_BYTES.count) * 1.1,
};
const FRAMES = { byteMs: emissionMs(TRANSPORT_BYTES), burst: burstOf(TRANSPORT_BYTES) };

const NOTICE = eventPacket('server:notice', { code: 'RATE_LIMITED', message: 'Too much data.' });
/** How long the notice has to arrive (ms): who is busy sending reads late, and meets the reset first when nobody waits. */
const LINGER = 1_000;

/** What one transport has sent. */
interface Meter {
  /** By whole messages and control frames, each counted as `SMALLEST_FRAME` at least. */
  frames: ByteAccount;
  /** By bytes of its TCP connection: meets what never becomes a message, such as fragments without end. */
  wire: ByteAccount;
  /** Bytes read of it at the last look. */
  read: number;
}

/**
 * Closes transports that send more than anybody types. Below the limits of events: it also meets what is no event
 * (connects to other namespaces, acknowledgements of nothing, pings and fragments of the WebSocket) and who has not signed in.
 */
@Injectable()
export class FloodGuard implements BeforeApplicationShutdown {
  private readonly meters = new Map<EngineSocket, Meter>();
  private readonly closed;
  private timer?: NodeJS.Timeout;

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
    this.timer = setInterval(() => this.readWires(), INTERVAL);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private meter(engine: EngineSocket): void {
    const { bytesRead: read } = engine.request.socket;
    this.meters.set(engine, { frames: new ByteAccount(FRAMES), wire: new ByteAccount(WIRE), read });
    const count = (data: string | Buffer = ''): void => {
      // Absent: what was read together with the frame that was too much.
      const meter = this.meters.get(engine);
      const bytes = Math.max(Buffer.byteLength(data), SMALLEST_FRAME);
      if (meter?.frames.charge(bytes, performance.now()) === false) this.close(engine);
    };
    engine.on('packet', ({ data }) => count(data));
    for (const control of ['ping', 'pong'] as const) engine.transport.socket?.on(control, count);
    engine.on('close', () => this.meters.delete(engine));
  }

  private readWires(): void {
    const now = performance.now();
    for (const [engine, meter] of this.meters) {
      const { bytesRead } = engine.request.socket;
      const isWithin = bytesRead === meter.read || meter.wire.charge(bytesRead - meter.read, now);
      meter.read = bytesRead;
      if (!isWithin) this.close(engine);
    }
  }

  private close(engine: EngineSocket): void {
    this.meters.delete(engine);
    this.closed.inc();
    this.handshakes.noteFlood(engine);
    this.log.info({ event: 'connection.flood' });
    farewell(engine);
    this.audit.tally({ event: 'connection.expel', result: 'refused', reason: 'BYTES' });
  }
}

/** Says why, reads nothing more, and is gone a moment later: what is not read would reset the connection before it was told. */
function farewell(engine: EngineSocket): void {
  const { socket } = engine.transport;
  engine.write(NOTICE);
  socket?.pause();
  setTimeout(() => socket?.terminate(), LINGER).unref();
}
