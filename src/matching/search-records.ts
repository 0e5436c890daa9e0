import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import type { OwnedPlace } from './search.types.js';

/** What it takes to put a search back when Redis was emptied. */
export interface SearchRecord extends OwnedPlace {
  /** From `packAttributes`. */
  readonly attrs: string;
  /** ms of the shard's clock */
  readonly sinceMs: number;
  /** Its owner has been told that these wishes are widened. */
  readonly isWidened?: boolean;
}

/** The searches of the people connected to this process. Memory only: it dies with their connections. */
@Injectable()
export class SearchRecords {
  private readonly byUser = new Map<string, SearchRecord>();

  constructor(metrics: Metrics) {
    metrics.gauge('stoa_matching_searches', 'Searches of the people connected to this process', () => this.byUser.size);
  }

  remember(record: SearchRecord): void {
    const { isWidened = false } = this.byUser.get(record.userId) ?? {};
    this.byUser.set(record.userId, this.has(record) ? { ...record, isWidened } : record);
  }

  /** Whether this search, with these wishes, is still the one that is remembered. */
  has({ userId, searchId, attrs }: SearchRecord): boolean {
    const kept = this.byUser.get(userId);
    return kept?.searchId === searchId && kept.attrs === attrs;
  }

  noteWidened(userId: string): void {
    const record = this.byUser.get(userId);
    if (record) this.byUser.set(userId, { ...record, isWidened: true });
  }

  forget(userId: string): void {
    this.byUser.delete(userId);
  }

  of(userId: string): SearchRecord | undefined {
    return this.byUser.get(userId);
  }

  users(): string[] {
    return [...this.byUser.keys()];
  }

  /** Forgets everybody else: their search is over, or they are not connected here any more. */
  keepOnly(userIds: Iterable<string>): void {
    const kept = new Set(userIds);
    for (const userId of this.byUser.keys()) if (!kept.has(userId)) this.byUser.delete(userId);
  }
}
