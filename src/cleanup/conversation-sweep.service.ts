import { Injectable } from '@nestjs/common';
import { Attendance } from '../chat/attendance.service.js';
import { ConversationService } from '../chat/conversation.service.js';
import { Log } from '../platform/logging/log.js';
import { RedisEpoch } from '../platform/redis/redis-epoch.js';
import { PresenceService } from '../presence/presence.service.js';

/** Members looked at in one step. */
const STEP = 5_000;

/** How long one sweep looks (ms), step after step, well within the pause between two; the next one goes on from there. */
const LOOKS_FOR = 2_000;

/** Redis must have stood for this long (ms) before somebody's absence in it counts: every live connection has renewed since. */
const MIN_STABLE = 10_000;

/** Ends what should have ended and starts graces that nobody started, whatever process died. */
@Injectable()
export class ConversationSweep {
  /** User id after which the next look begins. */
  private cursor: string | undefined;

  constructor(
    private readonly conversations: ConversationService,
    private readonly attendance: Attendance,
    private readonly presence: PresenceService,
    private readonly epoch: RedisEpoch,
    private readonly log: Log,
  ) {}

  async run(): Promise<void> {
    await this.conversations.endAbandoned();
    await this.conversations.endIdle();
    if (this.epoch.stableForMs > MIN_STABLE) await this.lookForTheDead();
  }

  /** @returns how many ended */
  endAbandoned(): Promise<number> {
    return this.conversations.endAbandoned();
  }

  private async lookForTheDead(): Promise<void> {
    const until = performance.now() + LOOKS_FOR;
    do await this.markTheDead();
    while (this.cursor !== undefined && performance.now() < until);
  }

  /** One step: whoever is in a conversation and has no connection anywhere: their process died before it could say so. */
  private async markTheDead(): Promise<void> {
    const members = await this.attendance.membersHere(this.cursor, STEP);
    this.cursor = members.length < STEP ? undefined : members.at(-1)?.userId;
    const presence = await this.presence.livePresence(members.map(({ userId }) => userId));
    // As they were seen before presence was asked: whoever came since is not marked.
    const dead = members.filter(({ userId }) => presence.get(userId) === false);
    if (dead.length === 0) return;
    this.log.info({ event: 'conversation.members_lost', count: dead.length });
    await Promise.all(dead.map((member) => this.attendance.markAway(member)));
  }
}
