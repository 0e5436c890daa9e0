import { Injectable } from '@nestjs/common';
import { ClaimDesk } from './claim-desk.js';
import type { ClaimedSearch, Fate } from './claim.types.js';
import { MatchRepository } from './match.repository.js';
import { SearchQueue } from './search-queue.js';
import type { OwnedPlace } from './search.types.js';

/** Concludes claims: by what is known of them, or by asking the truth. */
@Injectable()
export class ClaimResolver {
  constructor(
    private readonly desk: ClaimDesk,
    private readonly queue: SearchQueue,
    private readonly matches: MatchRepository,
  ) {}

  async conclude(shard: string, searches: readonly (ClaimedSearch & { fate: Fate })[]): Promise<void> {
    await this.desk.conclude(shard, searches);
    const settled = searches.filter(({ fate }) => fate === 'settle');
    await Promise.all(settled.map(({ searchId, userId }) => this.forgetHome({ shard, searchId, userId })));
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

  /** For claims of which nobody knows what became: who talks is settled, the others get their places back. */
  async resolve(shard: string, searches: readonly ClaimedSearch[]): Promise<void> {
    const chatting = await this.matches.chattingAmong(searches.map(({ userId }) => userId).filter(Boolean));
    const fateOf = (userId: string): Fate => (chatting.has(userId) ? 'settle' : 'release');
    await this.conclude(
      shard,
      searches.map((search) => ({ ...search, fate: fateOf(search.userId) })),
    );
  }
}
