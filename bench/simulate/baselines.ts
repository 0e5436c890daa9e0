import { PartnerScan } from '../../src/matching/partner-scan.js';
import { ShardPolicy } from '../../src/matching/shard-policy.js';
import type { ProposedPair, SearchTicket } from '../../src/matching/ticket.types.js';
import { WaitingPool } from '../../src/matching/waiting-pool.js';
import { scorePair } from '../../src/matching/score.js';
import { mayMeet } from '../../src/matching/hard-rules.js';
import { widened } from '../../src/matching/widen.js';
import { tagsOf } from './policies.js';
import type { PolicyOptions } from './policies.js';
import type { SimulatedPolicy } from './run.js';
import type { StreamedSearch } from './stream.js';

/** Baselines widen after a fixed time, as products do. */
export const WIDENS_AFTER_MS = 6_000;

/** What baselines have in common: a pool, and widening after a fixed time. */
abstract class Baseline implements SimulatedPolicy {
  abstract readonly name: string;
  readonly tickMs: number = 50;
  protected readonly pool = new WaitingPool();
  protected readonly policy: ShardPolicy;
  protected readonly scan: PartnerScan;
  private readonly widening: SearchTicket[] = [];

  constructor({ config, avoids, interests }: PolicyOptions) {
    this.policy = new ShardPolicy({ config, avoids, tags: tagsOf(interests) });
    this.scan = new PartnerScan(this.pool, this.policy, this.policy.book);
  }

  get waiting(): number {
    return this.pool.size;
  }

  arrive({ ticket }: StreamedSearch): ProposedPair[] {
    this.policy.tags.countArrival(ticket.interests);
    this.pool.add(ticket);
    this.widening.push(ticket);
    return this.pairNewcomers();
  }

  tick(nowMs: number): ProposedPair[] {
    return this.widenDue(nowMs);
  }

  leave({ ticket }: StreamedSearch): void {
    this.pool.remove(ticket.searchId);
  }

  /** Pairs those in `pool.fresh`, who are new or widened, as far as the policy does so at once. */
  protected abstract pairNewcomers(): ProposedPair[];

  protected take(a: SearchTicket, b: SearchTicket, score: number): ProposedPair {
    this.pool.remove(a.searchId);
    this.pool.remove(b.searchId);
    return { a, b, score };
  }

  protected widenDue(nowMs: number): ProposedPair[] {
    const pairs: ProposedPair[] = [];
    while (this.widening.length > 0 && this.widening[0]!.sinceMs + WIDENS_AFTER_MS <= nowMs) {
      const ticket = this.widening.shift()!;
      const slot = this.pool.slotOf(ticket.searchId);
      if (slot === undefined) continue;
      this.pool.reach(slot, widened(ticket));
      pairs.push(...this.pairNewcomers());
    }
    return pairs;
  }
}

/** Takes the best partner at the moment of arrival. */
export class Greedy extends Baseline {
  readonly name = 'greedy';

  protected pairNewcomers(): ProposedPair[] {
    const { pool, policy } = this;
    policy.book.fit(pool.slotCount);
    return pool.fresh.splice(0).flatMap((slot) => {
      const ticket = pool.ticketAt[slot];
      if (!ticket) return [];
      this.scan.look(slot);
      if (policy.book.counts[slot] === 0) return [];
      const first = slot * policy.book.width;
      return [this.take(ticket, pool.ticketAt[policy.book.partners[first]!]!, policy.book.scores[first]!)];
    });
  }
}

/** A queue for each first language, longest wait first, nothing widened: what most stranger chats do. */
export class Fifo implements SimulatedPolicy {
  readonly name = 'fifo';
  readonly tickMs = 50;
  waiting = 0;
  private readonly queues = new Map<number, Map<string, SearchTicket>>();
  private readonly tags;

  constructor(private readonly options: PolicyOptions) {
    this.tags = tagsOf(options.interests);
  }

  arrive({ ticket }: StreamedSearch): ProposedPair[] {
    this.tags.countArrival(ticket.interests);
    const queue = this.queueOf(ticket);
    for (const other of queue.values()) {
      if (!mayMeet(ticket, other, this.options.avoids)) continue;
      queue.delete(other.searchId);
      this.waiting--;
      const score = scorePair(ticket, other, this.options.config.weights, (tag) => this.tags.rarity(tag));
      return [{ a: other, b: ticket, score }];
    }
    queue.set(ticket.searchId, ticket);
    this.waiting++;
    return [];
  }

  tick(): ProposedPair[] {
    return [];
  }

  leave({ ticket }: StreamedSearch): void {
    if (this.queueOf(ticket).delete(ticket.searchId)) this.waiting--;
  }

  private queueOf(ticket: SearchTicket): Map<string, SearchTicket> {
    const language = ticket.languages[0]!;
    const queue = this.queues.get(language) ?? new Map<string, SearchTicket>();
    this.queues.set(language, queue);
    return queue;
  }
}
