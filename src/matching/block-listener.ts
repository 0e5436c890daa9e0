import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DomainEvents } from '../platform/events/domain-events.js';
import { UserBlocked } from '../safety/safety.events.js';
import { SearchQueue } from './search-queue.js';

/** Takes a block into the searches that the two have at this moment; later ones read it from the truth. */
@Injectable()
export class BlockListener implements OnModuleInit {
  constructor(
    private readonly events: DomainEvents,
    private readonly queue: SearchQueue,
  ) {}

  onModuleInit(): void {
    this.events.on(UserBlocked, async ({ blockerId, blockedId }) => {
      await Promise.all([this.note(blockerId, blockedId), this.note(blockedId, blockerId)]);
    });
  }

  private async note(userId: string, otherId: string): Promise<void> {
    const home = await this.queue.homeOf(userId);
    if (home) await this.queue.block({ ...home, userId }, otherId);
  }
}
