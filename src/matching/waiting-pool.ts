import type { SearchTicket } from './ticket.types.js';

/** Who waits in one shard, in memory. Holds no rules: it is the snapshot that the picker reads. */
export class WaitingPool {
  private readonly waiting = new Map<string, SearchTicket>();

  get size(): number {
    return this.waiting.size;
  }

  /** Adds a search, or replaces it when it is there already (an edit, or a refused claim that returns with its original `sinceMs`). */
  add(ticket: SearchTicket): void {
    this.waiting.set(ticket.searchId, ticket);
  }

  /** Takes a search out: cancelled, claimed or dead. Answers what was there. */
  remove(searchId: string): SearchTicket | undefined {
    const ticket = this.waiting.get(searchId);
    this.waiting.delete(searchId);
    return ticket;
  }

  get(searchId: string): SearchTicket | undefined {
    return this.waiting.get(searchId);
  }

  /** Everyone, in the order of arrival in this pool. */
  tickets(): IterableIterator<SearchTicket> {
    return this.waiting.values();
  }
}
