import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { PresenceService } from '../presence/presence.service.js';
import { AttendanceRepository } from './attendance.repository.js';
import type { AttendanceChange } from './attendance.repository.js';
import { MemberWentAway } from './chat.events.js';
import type { Sighting } from './chat.types.js';
import { viewPresence } from './conversation-view.js';

/** Whether the members of open conversations are connected. The row is the truth from which the grace runs. */
@Injectable()
export class Attendance {
  private readonly away: BatchLoader<string, never>;
  private readonly here: BatchLoader<string, never>;

  constructor(
    private readonly repository: AttendanceRepository,
    private readonly presence: PresenceService,
    private readonly events: DomainEvents,
    private readonly durations: ConversationConfig,
  ) {
    // A herd of goodbyes is a few statements; what changed is told once, however many asked.
    this.away = new BatchLoader((keys) => this.markAllAway(keys.map(sightingOf)));
    this.here = new BatchLoader((keys) => this.markAllHere(keys.map(sightingOf)));
  }

  /**
   * The user has no connection any more; this was the last. Starts the grace when they chat; does nothing otherwise, when it runs
   * already, or when they are back: whichever of the two is written first, the newer connection counts.
   */
  async markAway(last: Sighting): Promise<void> {
    await this.away.get(keyOf(last));
  }

  /** The user is connected. Ends the grace where one runs. */
  async markHere(live: Sighting): Promise<void> {
    await this.here.get(keyOf(live));
  }

  /** Members of open conversations who are not marked away, in user order, after `afterUserId`. */
  membersHere(afterUserId: string | undefined, limit: number): Promise<Sighting[]> {
    return this.repository.membersHere(afterUserId, limit);
  }

  private async markAllAway(gone: Sighting[]): Promise<Map<string, never>> {
    for (const change of await this.repository.markAway(gone)) {
      this.tellPartner(change);
      this.events.publish(new MemberWentAway(change.conversationId, change.userId));
    }
    return new Map<string, never>();
  }

  private async markAllHere(here: Sighting[]): Promise<Map<string, never>> {
    for (const change of await this.repository.markHere(here)) this.tellPartner(change);
    return new Map<string, never>();
  }

  private tellPartner({ partnerUserId, partnerHandle, awaySince }: AttendanceChange): void {
    if (!partnerUserId) return;
    const presence = viewPresence(awaySince, this.durations);
    this.presence.emit(partnerUserId, 'partner:presence', { conversationId: partnerHandle, ...presence });
  }
}

const keyOf = ({ userId, generation }: Sighting): string => `${userId}:${generation}`;

function sightingOf(key: string): Sighting {
  const [userId = '', generation] = key.split(':');
  return { userId, generation: Number(generation) };
}
