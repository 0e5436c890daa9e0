import { mayMeet } from '../../src/matching/hard-rules.js';
import { scorePair } from '../../src/matching/score.js';
import type { ProposedPair, SearchTicket } from '../../src/matching/ticket.types.js';
import { widened } from '../../src/matching/widen.js';
import { WIDENS_AFTER_MS } from './baselines.js';
import { tagsOf } from './policies.js';
import type { PolicyOptions } from './policies.js';
import type { SimulatedPolicy } from './run.js';
import type { StreamedSearch } from './stream.js';

/** Looks once a second at everybody who waits and takes the best pairs first: what interval matchmakers do. */
export class Batch implements SimulatedPolicy {
  readonly name = 'batch';
  readonly tickMs = 1_000;
  private readonly pool = new Map<string, SearchTicket>();
  private readonly tags;

  constructor(private readonly options: PolicyOptions) {
    this.tags = tagsOf(options.interests);
  }

  get waiting(): number {
    return this.pool.size;
  }

  arrive({ ticket }: StreamedSearch): ProposedPair[] {
    this.tags.countArrival(ticket.interests);
    this.pool.set(ticket.searchId, ticket);
    return [];
  }

  tick(nowMs: number): ProposedPair[] {
    return this.edges(nowMs)
      .toSorted((x, y) => y.score - x.score)
      .filter(({ a, b }) => {
        const free = this.pool.has(a.searchId) && this.pool.has(b.searchId);
        if (free) for (const { searchId } of [a, b]) this.pool.delete(searchId);
        return free;
      });
  }

  leave({ ticket }: StreamedSearch): void {
    this.pool.delete(ticket.searchId);
  }

  private edges(nowMs: number): ProposedPair[] {
    const { avoids, config } = this.options;
    const tickets = [...this.pool.values()];
    const seekers = tickets.map((ticket) => (nowMs - ticket.sinceMs >= WIDENS_AFTER_MS ? widened(ticket) : ticket));
    return tickets.flatMap((a, i) =>
      tickets.slice(i + 1).flatMap((b, j) => {
        if (!mayMeet(seekers[i]!, seekers[i + 1 + j]!, avoids)) return [];
        return [{ a, b, score: scorePair(a, b, config.weights, (tag) => this.tags.rarity(tag)) }];
      }),
    );
  }
}
