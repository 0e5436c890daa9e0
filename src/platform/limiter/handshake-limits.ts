import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import { RateLimited } from '../errors/stoa-error.js';
import { ClientAddress } from '../http/client-address.js';
import type { Connection } from '../realtime/connection.types.js';
import { Clock } from '../time/clock.js';
import type { Limit } from './limit.types.js';
import { EXPULSION_LIMIT, HANDSHAKE_LIMITS, MAX_SOCKETS_PER_ADDRESS, MAX_TRANSPORTS_PER_ADDRESS } from './limits.js';
import { LocalGcra } from './local-gcra.js';

/** How long somebody who is expelled again and again stays out. */
const EXILE: Limit = { count: 1, perMs: EXPULSION_LIMIT.perMs };

/** An idle transport is closed by then (ms). */
const TRANSPORT_PATIENCE = 5_000;

/** Limits of opening sockets, in this process's memory. */
@Injectable()
export class HandshakeLimits {
  private readonly buckets = new LocalGcra();
  /** Address block -> open sockets; with `transport ` before it, open transports. */
  private readonly open = new Map<string, number>();
  /** Transport -> who signed in on it. */
  private readonly users = new WeakMap<object, string>();

  constructor(
    private readonly runtime: RuntimeConfig,
    private readonly addresses: ClientAddress,
    private readonly clock: Clock,
  ) {}

  /**
   * Before the upgrade. Counts the transport until its connection closes, whether or not anybody signs in on it.
   * @throws RateLimited
   */
  admitTransport(request: IncomingMessage): void {
    if (!this.runtime.rateLimits) return;
    const address = this.addresses.blockOf(request);
    this.refuseExiled(`address ${address}`);
    const block = `transport ${address}`;
    if ((this.open.get(block) ?? 0) >= MAX_TRANSPORTS_PER_ADDRESS) throw new RateLimited(TRANSPORT_PATIENCE);
    this.count(block, 1);
    request.socket.once('close', () => this.count(block, -1));
  }

  digestOf(request: IncomingMessage): string {
    return this.addresses.digestOf(request);
  }

  /**
   * Before anything is looked up.
   * @throws RateLimited
   */
  admitAddress({ request }: Connection): void {
    if (!this.runtime.rateLimits) return;
    const block = this.addresses.blockOf(request);
    if ((this.open.get(block) ?? 0) >= MAX_SOCKETS_PER_ADDRESS) throw new RateLimited(HANDSHAKE_LIMITS.address.perMs);
    this.take(`address ${block}`, HANDSHAKE_LIMITS.address);
  }

  /**
   * When it is known who comes. Counts the socket as open until its transport closes.
   * @throws RateLimited
   */
  admitUser({ data, request, conn }: Connection): void {
    data.ipHash = this.addresses.digestOf(request);
    if (!this.runtime.rateLimits) return;
    const { userId } = data.identity;
    this.refuseExiled(`user ${userId}`);
    this.users.set(conn, userId);
    this.take(`user ${userId}`, HANDSHAKE_LIMITS.user);
    // Who left while they waited is not counted: their close has been, and would not count them out again.
    if (conn.readyState !== 'open') return;
    const block = this.addresses.blockOf(request);
    this.count(block, 1);
    conn.once('close', () => this.count(block, -1));
  }

  /** Somebody's socket was closed for what it sent; after a few times they stay out for a while. */
  noteExpulsion(userId: string): void {
    this.expel(`user ${userId}`);
  }

  /** The same for a transport: whoever signed in on it, or else its address, from where nobody signed in. */
  noteFlood(transport: { request: IncomingMessage }): void {
    const userId = this.users.get(transport);
    this.expel(userId ? `user ${userId}` : `address ${this.addresses.blockOf(transport.request)}`);
  }

  private expel(who: string): void {
    const now = this.clock.monotonicMs();
    this.buckets.take(`expelled ${who}`, EXPULSION_LIMIT, now);
    if (!this.buckets.peek(`expelled ${who}`, EXPULSION_LIMIT, now).allowed)
      this.buckets.take(`exile ${who}`, EXILE, now);
  }

  private refuseExiled(who: string): void {
    const { allowed, retryAfterMs } = this.buckets.peek(`exile ${who}`, EXILE, this.clock.monotonicMs());
    if (!allowed) throw new RateLimited(retryAfterMs);
  }

  private count(block: string, by: 1 | -1): void {
    const left = (this.open.get(block) ?? 0) + by;
    if (left > 0) this.open.set(block, left);
    else this.open.delete(block);
  }

  private take(key: string, limit: Limit): void {
    const { allowed, retryAfterMs } = this.buckets.take(key, limit, this.clock.monotonicMs());
    if (!allowed) throw new RateLimited(retryAfterMs);
  }
}
