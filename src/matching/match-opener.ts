import { Injectable } from '@nestjs/common';
import type { OpenOutcome } from '../chat/chat.types.js';
import { ConversationService } from '../chat/conversation.service.js';
import { Log } from '../platform/logging/log.js';
import { Clock } from '../platform/time/clock.js';
import { traced } from '../platform/tracing/traced.js';
import { ClaimResolver } from './claim-resolver.js';
import type { Claim, ClaimedSearch, Fate } from './claim.types.js';
import { OpeningTransaction } from './opening.transaction.js';
import { OPENING_MS } from './search.limits.js';
import { SearchTraces } from './search-traces.js';
import type { ProposedPair } from './ticket.types.js';

/** What became of claims. */
export interface OpenedClaims {
  readonly opened: readonly ProposedPair[];
  /** Refused by a block or a recent conversation that Redis did not know of. */
  readonly vetoed: readonly ProposedPair[];
}

/** Opens the conversations of claimed pairs, concludes the claims by what Postgres decided, and tells the pairs. */
@Injectable()
export class MatchOpener {
  constructor(
    private readonly opening: OpeningTransaction,
    private readonly resolver: ClaimResolver,
    private readonly conversations: ConversationService,
    private readonly traces: SearchTraces,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** @throws when Postgres does not answer: the claims are then concluded by their outcome, here or by the sweep */
  async open(shard: string, claims: readonly Claim[]): Promise<OpenedClaims> {
    const begunAtMs = this.clock.monotonicMs();
    const searchIds = claims.flatMap(({ pair: { a, b } }) => [a.searchId, b.searchId]);
    const links = await this.traces.of(shard, searchIds);
    const opening = traced('match open', { links }, () => this.opening.commit(shard, claims));
    const outcomes = await opening.catch(async (error: unknown) => {
      // Whether the commit took place is unknown: the truth is asked, and when it is silent the claims' leases run out.
      await this.resolver.resolve(shard, claims.flatMap(searchesIn), 'failed').catch(() => undefined);
      throw error;
    });
    // This process was held up: whoever heard of the match from Postgres may have left it, and search again, by now.
    const isLate = this.clock.monotonicMs() - begunAtMs > OPENING_MS;
    // Before they are told: whoever leaves at once and searches again must not find the old search.
    const concluding = isLate
      ? this.resolver.resolve(shard, claims.flatMap(searchesIn), 'late')
      : this.resolver.conclude(
          shard,
          claims.flatMap((claim, i) => fatesOf(claim, outcomes[i])),
        );
    await concluding.catch((error: unknown) =>
      this.log.warn({ event: 'matching.conclude_postponed', shard, err: error }),
    );
    this.conversations.announce(outcomes.flatMap((outcome) => (outcome?.opened ? [outcome.conversation] : [])));
    return {
      opened: claims.filter((_, i) => outcomes[i]?.opened).map((claim) => claim.pair),
      vetoed: claims.filter((_, i) => outcomes[i] === undefined).map((claim) => claim.pair),
    };
  }
}

const searchesIn = ({ claimId, pair: { a, b } }: Claim): ClaimedSearch[] =>
  [a, b].map(({ searchId, userId }) => ({ claimId, searchId, userId }));

/** Only who is free goes back: whoever chats or was erased has no search any more. */
function fatesOf(claim: Claim, outcome: OpenOutcome | undefined): (ClaimedSearch & { fate: Fate })[] {
  const isFree = (side: number): boolean =>
    outcome === undefined || (!outcome.opened && (side === 0 ? outcome.a : outcome.b) === 'free');
  return searchesIn(claim).map((search, side) => ({ ...search, fate: isFree(side) ? 'release' : 'settle' }));
}
