import { Injectable } from '@nestjs/common';
import { SpentLimits } from '../platform/limiter/spent-limits.js';
import { ProcessChannel } from '../platform/realtime/process-channel.js';
import { PresenceService } from './presence.service.js';
import type { ContestMessage, SupersedeMessage } from './presence.service.js';

/**
 * Ends connections whose users are live on another process now, which waits for the answer: by then it finds what they have spent here.
 * And says so of those who are live here, to a process that doubts it.
 */
@Injectable()
export class SupersedeListener {
  constructor(channel: ProcessChannel, presence: PresenceService, spent: SpentLimits) {
    channel.on<SupersedeMessage>('supersede', async ({ userId, connection }) => {
      // From here on it takes nothing more.
      const answered = presence.supersedeHere(userId, connection);
      if (answered) await Promise.all([answered, spent.leave(userId)]);
    });
    channel.on<ContestMessage>('contest', async ({ userId, connection, rival }) => {
      if (!(await presence.vouchFor(userId, connection))) return;
      const lost: SupersedeMessage = { type: 'supersede', userId, connection: rival.connection };
      channel.send(rival.process, lost);
    });
  }
}
