import type { AgeBand, Gender, Seeks } from '../contracts/profile.dto.js';

/** What a search needs to know of a person: their profile, with what they chose for this search merged in. */
export interface SearchInput {
  readonly gender?: Gender;
  readonly ageBand: AgeBand;
  /** 1..3 tags, the best spoken first. */
  readonly languages: readonly string[];
  /** 0..10 normalised texts. */
  readonly interests: readonly string[];
  readonly seeks: Seeks;
}

/** A live search: its public id and its beginning (ms of the shard's clock). */
export interface LiveSearch {
  readonly searchId: string;
  readonly sinceMs: number;
}

/** Where a search lives. */
export interface SearchPlace {
  readonly shard: string;
  readonly searchId: string;
}

/** A place with its owner: what most commands need for their keys. */
export interface OwnedPlace extends SearchPlace {
  readonly userId: string;
}

/** How a search ends that nobody matched: by the person's own wish (a cancel, or a goodbye of their client), or because the connection was lost. */
export type EndOfSearch = 'gave_up' | 'lost';

/** What became of a wish to end a search. `claimed`: a match is under way and may win. */
export type CancelReply = 'cancelled' | 'claimed' | 'matched' | 'absent' | 'alive';
