import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { PresenceService } from '../presence/presence.service.js';
import { AttendanceRepository } from './attendance.repository.js';
import type { AttendanceChange } from './attendance.repository.js';
import { MemberWentAway } from './chat.events.js';
import { viewPresence } from './conversation-view.js';

/** Whether the members of open conversations are connected. The row is the truth from which the grace runs. */
@Injectable()
export class Attendance {
  private readonly away: BatchLoader<string, AttendanceChange>;
  private readonly here: BatchLoader<string, AttendanceChange>;

  constructor(
    private readonly repository: AttendanceRepository,
    private readonly presence: PresenceService,
    private readonly events: DomainEvents,
    private readonly durations: ConversationConfig,
  ) {
    // A herd of goodbyes is a few statements; what changed is told once, however many asked.
    this.away = new BatchLoader((userIds) => this.markAllAway(userIds));
    this.here = new BatchLoader((userIds) => this.markAllHere(userIds));
  }

  /** The user has no connection any more. Starts the grace when they chat; does nothing otherwise, or when it runs already. */
  async markAway(userId: string): Promise<void> {
    await this.away.get(userId);
  }

  /** The user is connected. Ends the grace where one runs. */
  async markHere(userId: string): Promise<void> {
    await this.here.get(userId);
  }

  /** Members of open conversations who are not marked away, in user order, after `afterUserId`. */
  membersHere(afterUserId: string | undefined, limit: number): Promise<string[]> {
    return this.repository.membersHere(afterUserId, limit);
  }

  private async markAllAway(userIds: string[]): Promise<Map<string, AttendanceChange>> {
    const changes = await this.repository.markAway(userIds);
    for (const change of changes) {
      this.tellPartner(change);
      this.events.publish(new MemberWentAway(change.conversationId, change.userId));
    }
    return new Map(changes.map((change) => [change.userId, change]));
  }

  private async markAllHere(userIds: string[]): Promise<Map<string, AttendanceChange>> {
    const changes = await this.repository.markHere(userIds);
    for (const change of changes) this.tellPartner(change);
    return new Map(changes.map((change) => [change.userId, change]));
  }

  private tellPartner({ partnerUserId, partnerHandle, awaySince }: AttendanceChange): void {
    if (!partnerUserId) return;
    const presence = viewPresence(awaySince, this.durations);
    this.presence.emit(partnerUserId, 'partner:presence', { conversationId: partnerHandle, ...presence });
  }
}
