import { CandidateBook } from './candidate-book.js';
import type { MatchingCriterion, OnCriterionFault } from './criteria.js';
import { InterestTags } from './interest-tags.js';
import { Learning } from './learning.js';
import { PickAgenda } from './pick-agenda.js';
import type { RoundFigures } from './match-round.js';
import { PickEdges } from './pick-edges.js';
import { NO_ROUND_YET } from './round-schedule.js';
import { StandingColumns } from './standing-columns.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import type { MatchingPolicyConfig } from '../config/matching-policy.js';
import type { Avoids, ProposedPair, SearchTicket } from './ticket.types.js';

/** How a search ended without a conversation. Only `gave_up` (a cancel or a client's goodbye) teaches impatience; `lost` is network noise. */
export type Departure = 'gave_up' | 'lost';

export interface ShardPolicyOptions {
  readonly config?: MatchingPolicyConfig;
  readonly criteria?: readonly MatchingCriterion[];
  readonly tags?: InterestTags;
  readonly avoids?: Avoids;
  /** What was learnt before, from `learning.toSnapshot()`. */
  readonly learning?: Learning;
  readonly onFault?: OnCriterionFault;
}

/**
 * What one shard has learnt, with the settings it runs by: the second input of `pickPairs`, for one pool. It has no clock;
 * the runner tells it what happened, each thing once, with the shard's time.
 */
export class ShardPolicy {
  readonly config: MatchingPolicyConfig;
  readonly criteria: readonly MatchingCriterion[];
  readonly tags: InterestTags;
  readonly avoids: Avoids;
  learning: Learning;
  readonly onFault: OnCriterionFault;
  readonly book: CandidateBook;
  readonly agenda = new PickAgenda();
  readonly edges = new PickEdges();
  readonly standings = new StandingColumns();
  schedule = NO_ROUND_YET;
  /** What the last pick did by a round; undefined: there was none in it. */
  round: RoundFigures | undefined;

  constructor(options: ShardPolicyOptions = {}) {
    this.config = options.config ?? DEFAULT_POLICY;
    this.criteria = options.criteria ?? [];
    this.tags = options.tags ?? new InterestTags();
    this.avoids = options.avoids ?? (() => false);
    this.learning = options.learning ?? new Learning();
    this.onFault = options.onFault ?? (() => undefined);
    this.book = new CandidateBook(this.config.candidates);
  }

  /** A new search. Not for edits, refused claims or searches read back when the mirror is rebuilt. */
  arrived(ticket: SearchTicket, nowMs: number): void {
    this.tags.countArrival(ticket.interests);
    this.learning.arrivals.observe(ticket, nowMs);
  }

  /** A pair whose conversation is open. */
  paired({ a, b, score }: ProposedPair, nowMs: number): void {
    this.learning.matched(a, b, score, nowMs);
  }

  /** A search that ended unmatched. */
  departed(ticket: SearchTicket, nowMs: number, how: Departure): void {
    if (how === 'gave_up') this.learning.gaveUp(ticket, nowMs);
    else this.learning.lost(ticket, nowMs);
  }
}
