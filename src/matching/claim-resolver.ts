import { Injectable } from '@nestjs/common';
import { AvoidanceService } from '../safety/avoidance.service.js';
import { ClaimDesk } from './claim-desk.js';
import type { ClaimedSearch, Doubt, Fate } from './claim.types.js';
import { MatchRepository } from './match.repository.js';
import { MatchingMetrics } from './matching.metrics.js';
import { SearchQueue } from './search-queue.js';
import type { OwnedPlace } from './search.types.js';

/** Concludes claims: by what is known of them, or by asking the truth. */
@Injectable()
export class ClaimResolver {
  constructor(
    private readonly desk: ClaimDesk,
    private readonly queue: SearchQueue,
    private readonly matches: MatchRepository,
    private readonly avoidance: AvoidanceService,
    private readonly metrics: MatchingMetrics,
  ) {}

  async conclude(shard: string, searches: readonly (ClaimedSearch & { fate: Fate })[]): Promise<void> {
    await this.desk.conclude(shard, searches);
    const settled = searches.filter(({ fate }) => fate === 'settle');
    await Promise.all(settled.map(({ searchId, userId }) => this.forgetHome({ shard, searchId, userId })));
    const met = searches.filter(({ fate }) => fate === 'met');
    await Promise.all(met.map(({ searchId, userId }) => this.forgetEnded({ shard, searchId, userId })));
  }

  /** Whoever talks no more may have started their search again. */
  private async forgetEnded(place: OwnedPlace): Promise<void> {
    if (!(await this.queue.ownerOf(place))) await this.queue.leaveHome(place);
  }

  /** A worker that was held up opens a conversation for somebody who has begun another search by now: that one ends too. */
  private async forgetHome(place: OwnedPlace): Promise<void> {
    if (await this.queue.leaveHome(place)) return;
    const home = await this.queue.homeOf(place.userId);
    if (!home) return;
    const other = { ...home, userId: place.userId };
    await this.queue.cancel(other, { why: 'lost' });
    await this.queue.leaveHome(other);
  }

  /**
   * For claims of which nobody knows what became: who talks is settled; who has met their partner, and talks no more, goes on only with
   * a search that they started since; the others get their places back.
   */
  async resolve(shard: string, searches: readonly ClaimedSearch[], reason: Doubt): Promise<void> {
    const chatting = await this.matches.chattingAmong(searches.map(({ userId }) => userId).filter(Boolean));
    const asked = searches.map(async (search): Promise<ClaimedSearch & { fate: Fate }> => {
      if (chatting.has(search.userId)) return { ...search, fate: 'settle' };
      return { ...search, fate: (await this.hasMet(search, partnerOf(search, searches))) ? 'met' : 'release' };
    });
    const fates = await Promise.all(asked);
    await this.conclude(shard, fates);
    for (const { fate } of fates) this.metrics.resolved.inc({ shard, fate, reason });
  }

  /**
   * Whoever met lately is not claimed together, and who waits or is claimed meets nobody else: so two of a claim who did meet lately met
   * by it, whatever the clocks say. Where people may meet again at once (`REMATCH_AVOID_SECONDS=0`) this is not known.
   */
  private async hasMet({ userId }: ClaimedSearch, partnerId: string | undefined): Promise<boolean> {
    if (!userId || !partnerId) return false;
    const { recent } = await this.avoidance.of(userId);
    return recent.some((other) => other.userId === partnerId);
  }
}

const partnerOf = ({ claimId, searchId }: ClaimedSearch, searches: readonly ClaimedSearch[]): string | undefined =>
  searches.find((other) => other.claimId === claimId && other.searchId !== searchId)?.userId;
