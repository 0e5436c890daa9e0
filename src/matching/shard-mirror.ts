import type { Avoidance } from '../safety/avoidance.types.js';
import { AvoidBook } from './avoid-book.js';
import { isLater, writtenAtMs } from './delta.js';
import type { Delta, DeltaEntry } from './delta.js';
import { hasPassed } from './has-passed.js';
import { InterestTags } from './interest-tags.js';
import { pickPairs } from './pair-picker.js';
import type { PickBudget } from './pair-picker.js';
import { ShardPolicy } from './shard-policy.js';
import type { Departure, ShardPolicyOptions } from './shard-policy.js';
import { unpackTicket } from './ticket-packing.js';
import type { PackedTicket } from './ticket-packing.js';
import type { ProposedPair, SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';

interface MirrorOptions extends Omit<ShardPolicyOptions, 'tags' | 'avoids'> {
  /** Told of each search that ended unmatched, with the moment (ms). */
  readonly onDeparture?: (ticket: SearchTicket, how: Departure, atMs: number) => void;
}

/** How long a search that was taken out for a claim, or for dead, is remembered (ms): beyond the lease of a claim and two sweeps. */
const LIMBO_MS = 15_000;

/** Whoever began longer ago (ms) than they arrived does not come: they were put back after Redis had been emptied. */
const NEWS_MS = 5_000;

/** The waiting searches of one shard in a runner's memory: the fold of the deltas. No I/O. */
export class ShardMirror {
  pool = new WaitingPool();
  policy: ShardPolicy;
  /** The newest entry of the stream that is in here; '' before the first build. */
  cursor = '';
  /** The newest entry of which the policy has learnt, here or in another worker whose learning was taken over; '': none. */
  learntTo = '';
  nowMs = 0;
  private contradicted = new Set<string>();
  private readonly book = new AvoidBook(() => this.nowMs);
  private readonly tags = new InterestTags();
  /** Out of the pool, but not at their end: a conversation, a return, or a departure that is still to be learnt. In the order of leaving. */
  private readonly limbo = new Map<string, { ticket: SearchTicket; atMs: number }>();

  constructor(private readonly options: MirrorOptions = {}) {
    this.policy = this.newPolicy();
  }

  /** Starts anew, to be built; what was learnt stays. */
  clear(): void {
    for (const ticket of this.pool.tickets()) this.tags.release(ticket.interests);
    this.book.clear();
    this.pool = new WaitingPool();
    this.policy = this.newPolicy(this.policy);
    this.contradicted.clear();
    this.cursor = '';
  }

  /** `avoidance` belongs to the ticket's user, when there is one. Answers the search when it is a new one. */
  put(packed: PackedTicket, avoidance: Avoidance | undefined): SearchTicket {
    const before = this.pool.get(packed.searchId);
    const ticket = unpackTicket(packed, this.tags);
    if (avoidance) this.book.learn(ticket.userId, avoidance);
    this.pool.add(ticket);
    if (before) this.tags.release(before.interests);
    this.limbo.delete(ticket.searchId);
    return ticket;
  }

  /** All is here that was there at `mark`, the newest entry then: the deltas from there on are to be followed. */
  built(mark: string): void {
    this.cursor = mark;
    // Of a stream that ended before it nothing can have been learnt: Redis was emptied, and its clock went back.
    if (isLater(this.learntTo, mark)) this.learntTo = '';
  }

  /** Out of the pool, for a claim or for dead: how it goes on, the deltas or `settled` will tell. */
  take(searchId: string): void {
    for (const [id, { atMs }] of this.limbo) {
      if (!hasPassed(LIMBO_MS, atMs, this.nowMs)) break;
      this.limbo.delete(id);
    }
    const ticket = this.remove(searchId);
    if (ticket) this.limbo.set(searchId, { ticket, atMs: this.nowMs });
  }

  /** The two are in a conversation. */
  settled({ a, b }: ProposedPair): void {
    for (const { searchId, userId } of [a, b]) {
      this.limbo.delete(searchId);
      this.book.forgetRefusals(userId);
    }
  }

  private remove(searchId: string): SearchTicket | undefined {
    const ticket = this.pool.remove(searchId);
    if (!ticket) return undefined;
    this.tags.release(ticket.interests);
    this.book.forget(ticket.userId);
    return ticket;
  }

  /** Learns from it, too, unless that was done. `avoidance` as for `put`. */
  apply({ id, delta }: DeltaEntry, avoidance: Avoidance | undefined): void {
    const isNews = isLater(id, this.learntTo);
    if (isNews) this.learntTo = id;
    this.cursor = id;
    // A clock that went back leaves the newest ids ahead of it.
    const atMs = Math.min(this.nowMs, writtenAtMs(id));
    if (delta.kind === 'left') this.leave(delta, isNews ? atMs : undefined);
    if (delta.kind === 'left' || delta.kind === 'mark') return;
    const ticket = this.put(delta.ticket, avoidance);
    if (delta.kind !== 'arrived' || atMs - ticket.sinceMs >= NEWS_MS) return;
    if (isNews) this.policy.arrived(ticket, atMs);
    // How rare tags are is not among what was taken over: each worker counts for itself.
    else this.tags.countArrival(ticket.interests);
  }

  /** `toldAtMs`: when that was; undefined: it has been learnt. */
  private leave(delta: Delta & { kind: 'left' }, toldAtMs: number | undefined): void {
    if (delta.why === 'claimed') return this.take(delta.searchId);
    const ticket = this.remove(delta.searchId) ?? this.limbo.get(delta.searchId)?.ticket;
    this.limbo.delete(delta.searchId);
    if (!ticket) return;
    this.book.forgetRefusals(ticket.userId);
    if (toldAtMs === undefined) return;
    const atMs = Math.min(toldAtMs, delta.atMs ?? toldAtMs);
    this.policy.departed(ticket, atMs, delta.why);
    this.options.onDeparture?.(ticket, delta.why, atMs);
  }

  /** Whom the policy would join now, at a cost of at most `budget`. */
  pick(budget: PickBudget): ProposedPair[] {
    return pickPairs(this.pool, this.policy, this.nowMs, budget);
  }

  /** Searches that have still to look for partners. */
  get backlog(): number {
    return this.pool.fresh.length + this.policy.agenda.looks.length;
  }

  /** A claim found that the two must not meet: neither keeps the other from anybody else. */
  refuse(a: SearchTicket, b: SearchTicket): void {
    this.book.refuse(a.userId, b.userId);
    const [slotA, slotB] = [this.pool.slotOf(a.searchId), this.pool.slotOf(b.searchId)];
    if (slotA !== undefined && slotB !== undefined) this.policy.book.part(slotA, slotB);
  }

  /**
   * Pairs of which a claim found one not waiting, or not in this version. The deltas tell so before the next pick; a pair that is
   * refused so again shows that this is no true mirror any more: it is built anew. True in that case.
   */
  contradict(pairs: readonly ProposedPair[]): boolean {
    const names = pairs.map(({ a, b }) => `${a.searchId} ${a.version} ${b.searchId} ${b.version}`);
    const again = names.some((name) => this.contradicted.has(name));
    this.contradicted = new Set(names);
    if (again) this.cursor = '';
    return again;
  }

  /** What both like, as they typed it; asked while both are here. */
  sharedInterests(a: SearchTicket, b: SearchTicket): string[] {
    return a.interests.filter((tag) => b.interests.includes(tag)).map((tag) => this.tags.textOf(tag));
  }

  private newPolicy(before?: ShardPolicy): ShardPolicy {
    const learning = before ? { learning: before.learning } : {};
    return new ShardPolicy({ ...this.options, ...learning, tags: this.tags, avoids: this.book.avoids });
  }
}
