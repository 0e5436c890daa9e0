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
    repository: AttendanceRepository,
    private readonly presence: PresenceService,
    private readonly events: DomainEvents,
    private readonly durations: ConversationConfig,
  ) {
    const byUser = (changes: AttendanceChange[]) => new Map(changes.map((change) => [change.userId, change]));
    this.away = new BatchLoader(async (userIds) => byUser(await repository.markAway(userIds)));
    this.here = new BatchLoader(async (userIds) => byUser(await repository.markHere(userIds)));
  }

  /** The user has no connection any more. Starts the grace when they chat; does nothing otherwise, or when it runs already. */
  async markAway(userId: string): Promise<void> {
    const change = await this.away.get(userId);
    if (!change) return;
    this.tellPartner(change);
    this.events.publish(new MemberWentAway(change.conversationId, userId));
  }

  /** The user is connected. Ends the grace where one runs. */
  async markHere(userId: string): Promise<void> {
    const change = await this.here.get(userId);
    if (change) this.tellPartner(change);
  }

  private tellPartner({ partnerUserId, partnerHandle, awaySince }: AttendanceChange): void {
    if (!partnerUserId) return;
    const presence = viewPresence(awaySince, this.durations);
    this.presence.emit(partnerUserId, 'partner:presence', { conversationId: partnerHandle, ...presence });
  }
}
