import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import { RateLimited } from '../errors/stoa-error.js';
import { ClientAddress } from '../http/client-address.js';
import type { Connection } from '../realtime/connection.types.js';
import { KeyRing } from '../secrets/key-ring.js';
import { Clock } from '../time/clock.js';
import type { Limit } from './limit.types.js';
import {
  EXILE,
  EXPULSION_LIMIT,
  HANDSHAKE_LIMITS,
  MAX_SOCKETS_PER_ADDRESS,
  MAX_TRANSPORTS_PER_ADDRESS,
} from './limits.js';
import { LocalGcra } from './local-gcra.js';
import { RateLimiter } from './rate-limiter.js';

/** An idle transport is closed by then (ms). */
const TRANSPORT_PATIENCE = 5_000;

/** Whom an expulsion or a connect counts against: the name in this process's memory, and the digest for all processes. */
interface Subject {
  kind: 'address' | 'user';
  name: string;
  digest: string;
}

/**
 * Limits of opening sockets. This process's memory comes first, so that a flood costs no store anything; then the buckets that all
 * processes share. Open sockets and transports are counted by each process for itself.
 */
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
    private readonly shared: RateLimiter,
    private readonly keys: KeyRing,
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
    this.take(`upgrade ${address}`, HANDSHAKE_LIMITS.upgrade);
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
  async admitAddress({ request }: Connection): Promise<void> {
    if (!this.runtime.rateLimits) return;
    this.refuseCrowd(this.addresses.blockOf(request));
    await this.admit(this.addressOf(request), HANDSHAKE_LIMITS.address);
  }

  /**
   * When it is known who comes. Counts the socket as open until its transport closes.
   * @throws RateLimited
   */
  async admitUser({ data, request, conn }: Connection): Promise<void> {
    data.ipHash = this.addresses.digestOf(request);
    if (!this.runtime.rateLimits) return;
    const { userId } = data.identity;
    this.users.set(conn, userId);
    await this.admit(this.userOf(userId), HANDSHAKE_LIMITS.user);
    // Who left while they waited is not counted: their close has been, and would not count them out again.
    if (conn.readyState !== 'open') return;
    const block = this.addresses.blockOf(request);
    // Once more: others came in while this one waited.
    this.refuseCrowd(block);
    this.count(block, 1);
    conn.once('close', () => this.count(block, -1));
  }

  /** Somebody's socket was closed for what it sent; after a few times they stay out for a while. */
  noteExpulsion(userId: string): void {
    this.expel(this.userOf(userId));
  }

  /** The same for a transport: whoever signed in on it, or else its address, from where nobody signed in. */
  noteFlood(transport: { request: IncomingMessage }): void {
    const userId = this.users.get(transport);
    this.expel(userId ? this.userOf(userId) : this.addressOf(transport.request));
  }

  private addressOf(request: IncomingMessage): Subject {
    const name = `address ${this.addresses.blockOf(request)}`;
    return { kind: 'address', name, digest: this.addresses.digestOf(request) };
  }

  private userOf(userId: string): Subject {
    return { kind: 'user', name: `user ${userId}`, digest: this.keys.digest('limit', userId) };
  }

  private async admit({ kind, name, digest }: Subject, limit: Limit): Promise<void> {
    this.refuseExiled(name);
    this.take(name, limit);
    const verdicts = await this.shared.take([
      { name: `exile_${kind}`, digest, limit: EXILE, refuses: 'look', isMark: true },
      { name: `connect_${kind}`, digest, limit, refuses: true },
    ]);
    const waits = verdicts.map(({ retryAfterMs }) => retryAfterMs);
    if (Math.max(...waits) > 0) throw new RateLimited(Math.max(...waits));
  }

  /** Here at once, so that who comes straight back is out; then for all processes. */
  private expel(who: Subject): void {
    const now = this.clock.monotonicMs();
    this.buckets.take(`expelled ${who.name}`, EXPULSION_LIMIT, now);
    if (!this.buckets.peek(`expelled ${who.name}`, EXPULSION_LIMIT, now).allowed)
      this.buckets.take(`exile ${who.name}`, EXILE, now);
    void this.expelEverywhere(who);
  }

  private async expelEverywhere({ kind, digest }: Subject): Promise<void> {
    const mark = { digest, refuses: false, isMark: true };
    const [verdict] = await this.shared.take([{ ...mark, name: `expelled_${kind}`, limit: EXPULSION_LIMIT }]);
    if (verdict?.remaining === 0) await this.shared.take([{ ...mark, name: `exile_${kind}`, limit: EXILE }]);
  }

  private refuseCrowd(block: string): void {
    if ((this.open.get(block) ?? 0) >= MAX_SOCKETS_PER_ADDRESS) throw new RateLimited(HANDSHAKE_LIMITS.address.perMs);
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
