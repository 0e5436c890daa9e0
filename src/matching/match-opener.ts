import { Injectable } from '@nestjs/common';
import type { OpenOutcome } from '../chat/chat.types.js';
import { ConversationService } from '../chat/conversation.service.js';
import { Log } from '../platform/logging/log.js';
import { Database } from '../platform/postgres/database.js';
import { AvoidanceService } from '../safety/avoidance.service.js';
import { ClaimDesk } from './claim-desk.js';
import type { Claim, ClaimedSearch, Fate } from './claim.types.js';
import { MatchRepository } from './match.repository.js';
import { SearchQueue } from './search-queue.js';
import { OutcomeRepository } from './outcome.repository.js';
import type { NewOutcome } from './outcome.repository.js';
import { classOf } from './shard-report.js';
import type { ProposedPair } from './ticket.types.js';

/** What became of claims. */
export interface OpenedClaims {
  readonly opened: readonly ProposedPair[];
  /** Refused by a block or a recent conversation that Redis did not know of. */
  readonly vetoed: readonly ProposedPair[];
}

type FatedSearch = ClaimedSearch & { fate: Fate };

/** Opens the conversations of claimed pairs, all in one transaction, and concludes the claims by what Postgres decided. */
@Injectable()
export class MatchOpener {
  constructor(
    private readonly database: Database,
    private readonly conversations: ConversationService,
    private readonly avoidance: AvoidanceService,
    private readonly desk: ClaimDesk,
    private readonly queue: SearchQueue,
    private readonly matches: MatchRepository,
    private readonly outcomes: OutcomeRepository,
    private readonly log: Log,
  ) {}

  /** @throws when Postgres does not answer: the claims are then concluded by their outcome, here or by the sweep */
  async open(shard: string, claims: readonly Claim[]): Promise<OpenedClaims> {
    const outcomes = await this.commit(shard, claims).catch(async (error: unknown) => {
      // Whether the commit took place is unknown: the truth is asked, and when it is silent the claims' leases run out.
      await this.resolve(shard, claims.flatMap(searchesIn)).catch(() => undefined);
      throw error;
    });
    const fates = claims.flatMap((claim, i) => fatesOf(claim, outcomes[i]));
    await this.conclude(shard, fates).catch((error: unknown) =>
      this.log.warn({ event: 'matching.conclude_postponed', shard, err: error }),
    );
    this.conversations.announce(outcomes.flatMap((outcome) => (outcome?.opened ? [outcome.conversation] : [])));
    return {
      opened: claims.filter((_, i) => outcomes[i]?.opened).map((claim) => claim.pair),
      vetoed: claims.filter((_, i) => outcomes[i] === undefined).map((claim) => claim.pair),
    };
  }

  /** Concludes claims of which nobody knows what became: who talks is settled, the others get their places back. */
  async resolve(shard: string, searches: readonly ClaimedSearch[]): Promise<void> {
    const chatting = await this.matches.chattingAmong(searches.map(({ userId }) => userId));
    const fateOf = (userId: string): Fate => (chatting.has(userId) ? 'settle' : 'release');
    await this.conclude(
      shard,
      searches.map((search) => ({ ...search, fate: fateOf(search.userId) })),
    );
  }

  /** By position; undefined for a pair that must not meet. */
  private commit(shard: string, claims: readonly Claim[]): Promise<(OpenOutcome | undefined)[]> {
    const pairs = claims.map(({ pair: { a, b }, sharedInterests }) => ({
      userA: a.userId,
      userB: b.userId,
      sharedInterests,
    }));
    return this.database.transaction(async (transaction) => {
      const vetoed = await this.avoidance.vetoed(transaction, pairs);
      const allowed = pairs.filter((_, i) => !vetoed.has(i));
      const opened = await this.conversations.open(transaction, allowed);
      const outcomes = pairs.map((pair) => opened[allowed.indexOf(pair)]);
      await this.outcomes.add(
        transaction,
        claims.flatMap((claim, i) => outcomeOf(shard, claim, outcomes[i])),
      );
      return outcomes;
    });
  }

  private async conclude(shard: string, searches: readonly FatedSearch[]): Promise<void> {
    await this.desk.conclude(shard, searches);
    const settled = searches.filter(({ fate }) => fate === 'settle');
    await Promise.all(settled.map((search) => this.queue.leaveHome({ ...search, shard })));
  }
}

const searchesIn = ({ claimId, pair: { a, b } }: Claim): ClaimedSearch[] =>
  [a, b].map(({ searchId, userId }) => ({ claimId, searchId, userId }));

/** Only who is free goes back: whoever chats or was erased has no search any more. */
function fatesOf(claim: Claim, outcome: OpenOutcome | undefined): FatedSearch[] {
  const free = outcome === undefined ? [true, true] : [outcome, outcome].map((o, i) => isFree(o, i));
  return searchesIn(claim).map((search, i) => ({ ...search, fate: free[i] ? 'release' : 'settle' }));
}

const isFree = (outcome: OpenOutcome, side: number): boolean =>
  !outcome.opened && (side === 0 ? outcome.a : outcome.b) === 'free';

/** Slot 0 of a conversation is `a`. */
function outcomeOf(
  shard: string,
  { pair: { a, b, score }, atMs }: Claim,
  outcome: OpenOutcome | undefined,
): NewOutcome[] {
  if (!outcome?.opened) return [];
  const { conversationId } = outcome.conversation;
  const [waitAMs, waitBMs] = [a, b].map(({ sinceMs }) => Math.max(0, atMs - sinceMs)) as [number, number];
  return [{ conversationId, shard, classA: classOf(a), classB: classOf(b), waitAMs, waitBMs, score }];
}
