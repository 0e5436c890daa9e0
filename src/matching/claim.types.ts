import type { ProposedPair } from './ticket.types.js';

/** A pair that is out of the pool, until it is settled or released. */
export interface Claim {
  readonly claimId: string;
  readonly pair: ProposedPair;
  readonly sharedInterests: string[];
  /** ms of the shard's clock when it was claimed */
  readonly atMs: number;
}

/**
 * How one search of a claim goes on: `settle` ends it (its person is in a conversation), `release` gives it back its place.
 * `met`: the conversation was opened and is over; the search ends unless its person has started it again, and then has its place.
 */
export type Fate = 'settle' | 'met' | 'release';

/**
 * Why it is asked how a claim goes on. `failed`: Postgres did not say whether it opened the conversation; `late`: it said so to a worker
 * that had been held up; `lease`: no worker concluded it in time.
 */
export type Doubt = 'failed' | 'late' | 'lease';

/** One search of a claim. */
export interface ClaimedSearch {
  readonly claimId: string;
  readonly searchId: string;
  readonly userId: string;
}

/** `searchA.searchB.nonce`: the sweep finds the searches by it, and a late settlement of an older claim finds nothing. */
export const claimIdOf = (searchA: string, searchB: string, nonce: string): string => `${searchA}.${searchB}.${nonce}`;

export const searchesOf = (claimId: string): string[] => claimId.split('.').slice(0, 2);
