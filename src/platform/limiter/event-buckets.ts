import { Injectable } from '@nestjs/common';
import type { ClientEvent } from '../../contracts/socket-events.js';
import { EVENT_LIMITS } from './limits.js';
import { LocalGcra } from './local-gcra.js';

/** What somebody has spent of their limits: limit -> ms until its bucket is empty. */
export type Spent = ReadonlyMap<string, number>;

const nameOf = (event: string, i: number): string => `${event} ${i}`;
const NAMES = Object.entries(EVENT_LIMITS).flatMap(([event, limits]) => limits.map((_, i) => nameOf(event, i)));

/** The buckets of `EVENT_LIMITS`, by user: in the memory of the process that has their connection, and on their way with it. */
@Injectable()
export class EventBuckets {
  private readonly buckets = new LocalGcra();

  /** Counts an event where each of its limits lets it pass. @returns ms until they do; 0 when they did */
  take(userId: string, event: ClientEvent, now: number): number {
    const limits = EVENT_LIMITS[event].map((limit, i) => ({ key: `${userId} ${nameOf(event, i)}`, limit }));
    const waits = limits.map(({ key, limit }) => this.buckets.peek(key, limit, now).retryAfterMs);
    const wait = Math.max(...waits);
    if (wait === 0) for (const { key, limit } of limits) this.buckets.take(key, limit, now);
    return wait;
  }

  /** Empties the user's buckets. @returns what was in them */
  remove(userId: string, now: number): Spent {
    const spent = NAMES.map((name) => [name, this.buckets.debt(`${userId} ${name}`, now)] as const);
    for (const name of NAMES) this.buckets.forget(`${userId} ${name}`);
    return new Map(spent.filter(([, ms]) => ms > 0));
  }

  /** Adds to the user's buckets what was in others. */
  add(userId: string, spent: Spent, now: number): void {
    for (const [name, ms] of spent) if (NAMES.includes(name)) this.buckets.charge(`${userId} ${name}`, ms, now);
  }
}
