import { Injectable } from '@nestjs/common';
import { SessionRevoked } from '../auth/auth.events.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { PresenceService } from './presence.service.js';

/** Ends the sockets of sessions that were revoked here, wherever they are; the beacon finds those that this hint missed. */
@Injectable()
export class RevocationListener {
  constructor(events: DomainEvents, presence: PresenceService) {
    events.on(SessionRevoked, ({ sessionIds, userId, reason }) => {
      for (const sessionId of sessionIds) presence.revoke(userId, reason, sessionId);
    });
  }
}
