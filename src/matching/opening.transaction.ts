import { Injectable } from '@nestjs/common';
import type { OpenOutcome } from '../chat/chat.types.js';
import { ConversationService } from '../chat/conversation.service.js';
import { Audit } from '../platform/audit/audit.js';
import { Database } from '../platform/postgres/database.js';
import { AvoidanceService } from '../safety/avoidance.service.js';
import type { Claim } from './claim.types.js';
import { OutcomeRepository } from './outcome.repository.js';
import type { NewOutcome } from './outcome.repository.js';
import { classOf } from './search-class.js';

/** Where Postgres decides who talks: the only way in which a match opens a conversation. */
@Injectable()
export class OpeningTransaction {
  constructor(
    private readonly database: Database,
    private readonly conversations: ConversationService,
    private readonly avoidance: AvoidanceService,
    private readonly outcomes: OutcomeRepository,
    private readonly audit: Audit,
  ) {}

  /** Opens what may be opened, in one transaction. By position; undefined for a pair that must not meet. */
  commit(shard: string, claims: readonly Claim[]): Promise<(OpenOutcome | undefined)[]> {
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
        claims.flatMap((claim, i) => noteOf(shard, claim, outcomes[i])),
      );
      // Without names: who met whom is forgotten sooner than the trail.
      await this.audit.appendMany(transaction, 'conversation.open', idsOf(opened));
      return outcomes;
    });
  }
}

const idsOf = (outcomes: OpenOutcome[]): string[] =>
  outcomes.flatMap((outcome) => (outcome.opened ? [outcome.conversation.conversationId] : []));

/** Slot 0 of a conversation is `a`. */
function noteOf(shard: string, { pair: { a, b, score }, atMs }: Claim, outcome: OpenOutcome | undefined): NewOutcome[] {
  if (!outcome?.opened) return [];
  const { conversationId } = outcome.conversation;
  const [waitAMs, waitBMs] = [a, b].map(({ sinceMs }) => Math.max(0, atMs - sinceMs)) as [number, number];
  return [{ conversationId, shard, classA: classOf(a), classB: classOf(b), waitAMs, waitBMs, score }];
}
