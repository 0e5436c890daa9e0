import type { Seeker } from './hard-rules.js';
import { PoolBucket, bucketKeyOf } from './pool-bucket.js';
import type { SearchTicket } from './ticket.types.js';
import { WaitingProfile, profileKeyOf } from './waiting-profile.js';

/** Tags per search in the columns; the contract allows no more. */
export const MOST_TAGS = 10;

/**
 * Who waits in one shard, in memory: the snapshot that the picker reads. Each search has a slot; what scoring reads of it lies in columns
 * (typed arrays by slot), and slots are grouped in buckets of equal hard profile. It holds no rules.
 */
export class WaitingPool {
  /** By slot; undefined where the slot is free. */
  readonly ticketAt: (SearchTicket | undefined)[] = [];
  readonly buckets = new Map<string, PoolBucket>();
  readonly bucketOf: (PoolBucket | undefined)[] = [];
  /** Of everyone who waits, by `profileKeyOf`. */
  readonly profiles = new Map<string, WaitingProfile>();
  readonly profileAt: (WaitingProfile | undefined)[] = [];
  /** By slot: rises each time another search, or another version of it, takes the slot. */
  serials = new Int32Array(64);
  tags = new Int32Array(64 * MOST_TAGS);
  tagCounts = new Uint8Array(64);
  /** No id of a tag in here is above this one. */
  highestTag = 0;
  regions = new Int32Array(64);
  trusts = new Float64Array(64);
  /** By slot: 1 once the search has a wider reach. */
  widenedAt = new Uint8Array(64);
  /** Slots whose search is new, edited or widened since the picker last looked. */
  readonly fresh: number[] = [];
  private readonly slots = new Map<string, number>();
  private readonly placeInBucket: number[] = [];
  private readonly freeSlots: number[] = [];

  get size(): number {
    return this.slots.size;
  }

  /** Slots in use and free ones below the highest in use. */
  get slotCount(): number {
    return this.ticketAt.length;
  }

  /** Adds a search, or replaces it when it is there already (an edit, or a refused claim that returns with its original `sinceMs`). */
  add(ticket: SearchTicket): void {
    this.remove(ticket.searchId);
    const slot = this.freeSlots.pop() ?? this.ticketAt.length;
    if (slot >= this.serials.length) this.grow();
    this.ticketAt[slot] = ticket;
    this.slots.set(ticket.searchId, slot);
    this.tags.set(ticket.interests.slice(0, MOST_TAGS), slot * MOST_TAGS);
    this.tagCounts[slot] = Math.min(MOST_TAGS, ticket.interests.length);
    this.highestTag = Math.max(this.highestTag, ...ticket.interests);
    this.regions[slot] = ticket.region;
    this.trusts[slot] = ticket.trust;
    this.widenedAt[slot] = 0;
    this.enterProfile(slot, ticket);
    this.enterBucket(slot, ticket);
  }

  /** Takes a search out: cancelled, claimed or dead. Answers what was there. */
  remove(searchId: string): SearchTicket | undefined {
    const slot = this.slots.get(searchId);
    if (slot === undefined) return undefined;
    const ticket = this.ticketAt[slot]!;
    this.leaveBucket(slot);
    this.leaveProfile(slot, ticket);
    this.ticketAt[slot] = undefined;
    this.slots.delete(searchId);
    this.freeSlots.push(slot);
    return ticket;
  }

  slotOf(searchId: string): number | undefined {
    return this.slots.get(searchId);
  }

  get(searchId: string): SearchTicket | undefined {
    const slot = this.slots.get(searchId);
    return slot === undefined ? undefined : this.ticketAt[slot];
  }

  /** Gives the search in this slot another reach: the same ticket, with other hard preferences in force. */
  reach(slot: number, seeker: Seeker): void {
    this.leaveBucket(slot);
    this.enterBucket(slot, seeker);
    this.widenedAt[slot] = 1;
    this.profileAt[slot]!.noteWidened(this.ticketAt[slot]!.sinceMs);
  }

  /** Everyone who waits. */
  *tickets(): IterableIterator<SearchTicket> {
    for (const ticket of this.ticketAt) if (ticket) yield ticket;
  }

  private enterProfile(slot: number, ticket: SearchTicket): void {
    const key = profileKeyOf(ticket);
    const profile = this.profiles.get(key) ?? new WaitingProfile(ticket);
    profile.members += 1;
    this.profiles.set(key, profile);
    this.profileAt[slot] = profile;
  }

  private leaveProfile(slot: number, ticket: SearchTicket): void {
    const profile = this.profileAt[slot]!;
    profile.members -= 1;
    if (profile.members === 0) this.profiles.delete(profileKeyOf(ticket));
    this.profileAt[slot] = undefined;
  }

  private enterBucket(slot: number, seeker: Seeker): void {
    const key = bucketKeyOf(seeker);
    let bucket = this.buckets.get(key);
    if (!bucket) {
      bucket = new PoolBucket(key, seeker);
      this.buckets.set(key, bucket);
    }
    this.placeInBucket[slot] = bucket.slots.push(slot) - 1;
    this.bucketOf[slot] = bucket;
    this.serials[slot]!++;
    this.fresh.push(slot);
  }

  private leaveBucket(slot: number): void {
    const bucket = this.bucketOf[slot];
    if (!bucket) return;
    const place = this.placeInBucket[slot]!;
    const last = bucket.slots.pop()!;
    if (last !== slot) {
      bucket.slots[place] = last;
      this.placeInBucket[last] = place;
    }
    if (bucket.slots.length === 0) this.buckets.delete(bucket.key);
    this.bucketOf[slot] = undefined;
    this.serials[slot]!++;
  }

  private grow(): void {
    const size = this.serials.length * 2;
    this.serials = grown(this.serials, new Int32Array(size));
    this.tags = grown(this.tags, new Int32Array(size * MOST_TAGS));
    this.tagCounts = grown(this.tagCounts, new Uint8Array(size));
    this.regions = grown(this.regions, new Int32Array(size));
    this.trusts = grown(this.trusts, new Float64Array(size));
    this.widenedAt = grown(this.widenedAt, new Uint8Array(size));
  }
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
