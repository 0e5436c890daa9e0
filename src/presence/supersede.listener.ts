import { Injectable } from '@nestjs/common';
import { SpentLimits } from '../platform/limiter/spent-limits.js';
import { ProcessChannel } from '../platform/realtime/process-channel.js';
import { PresenceService } from './presence.service.js';
import type { SupersedeMessage } from './presence.service.js';

/** Ends connections whose users are live on another process now, which waits for the answer: by then it finds what they have spent here. */
@Injectable()
export class SupersedeListener {
  constructor(channel: ProcessChannel, presence: PresenceService, spent: SpentLimits) {
    channel.on<SupersedeMessage>('supersede', async ({ userId, connection }) => {
      // From here on it takes nothing more.
      const answered = presence.supersedeHere(userId, connection);
      if (answered) await Promise.all([answered, spent.leave(userId)]);
    });
  }
}
