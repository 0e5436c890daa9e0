import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DomainEvents } from '../platform/events/domain-events.js';
import { AvoidanceService } from '../safety/avoidance.service.js';
import { UserBlocked, UserUnblocked } from '../safety/safety.events.js';
import { SearchQueue } from './search-queue.js';
import type { OwnedPlace } from './search.types.js';

/** Takes a block, or its end, into the searches that the two have at this moment; later ones read it from the truth. */
@Injectable()
export class BlockListener implements OnModuleInit {
  constructor(
    private readonly events: DomainEvents,
    private readonly queue: SearchQueue,
    private readonly avoidance: AvoidanceService,
  ) {}

  onModuleInit(): void {
    this.events.on(UserBlocked, async ({ blockerId, blockedId }) => {
      await this.inBoth(blockerId, blockedId, (place, otherId) => this.queue.block(place, otherId));
    });
    this.events.on(UserUnblocked, async ({ blockerId, blockedId }) => {
      // The other one may have blocked, too.
      if ((await this.avoidance.of(blockerId)).blocked.includes(blockedId)) return;
      await this.inBoth(blockerId, blockedId, (place, otherId) => this.queue.unblock(place, otherId));
    });
  }

  private async inBoth(
    userA: string,
    userB: string,
    note: (place: OwnedPlace, otherId: string) => Promise<void>,
  ): Promise<void> {
    const sides = [
      [userA, userB],
      [userB, userA],
    ] as const;
    await Promise.all(
      sides.map(async ([userId, otherId]) => {
        const home = await this.queue.homeOf(userId);
        if (home) await note({ ...home, userId }, otherId);
      }),
    );
  }
}
