import { InterestTags } from './interest-tags.js';
import { DEFAULT_POLICY } from './policy.config.js';
import type { MatchingPolicyConfig } from './policy.config.js';
import type { Avoids, ProposedPair, SearchTicket } from './ticket.types.js';

/** How a search ended without a conversation. Only `gave_up` (a cancel or a clean close) teaches impatience; `lost` is network noise. */
export type Departure = 'gave_up' | 'lost';

export interface ShardPolicyOptions {
  readonly config?: MatchingPolicyConfig;
  readonly tags?: InterestTags;
  readonly avoids?: Avoids;
}

/**
 * What one shard has learnt, with the settings it runs by: the second input of `pickPairs`. It has no clock;
 * the runner tells it what happened, each thing once, with the shard's time.
 */
export class ShardPolicy {
  readonly config: MatchingPolicyConfig;
  readonly tags: InterestTags;
  readonly avoids: Avoids;

  constructor(options: ShardPolicyOptions = {}) {
    this.config = options.config ?? DEFAULT_POLICY;
    this.tags = options.tags ?? new InterestTags();
    this.avoids = options.avoids ?? (() => false);
  }

  /** A new search. Not for edits, refused claims or searches read back when the mirror is rebuilt. */
  arrived(ticket: SearchTicket, _nowMs: number): void {
    this.tags.countArrival(ticket.interests);
  }

  /** A pair whose conversation is open. */
  paired(_pair: ProposedPair, _nowMs: number): void {}

  /** A search that ended unmatched. */
  departed(_ticket: SearchTicket, _nowMs: number, _how: Departure): void {}
}
