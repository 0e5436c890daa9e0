import { Injectable } from '@nestjs/common';
import { AuthRequestService } from '../auth/auth-request.service.js';
import { ConversationService } from '../chat/conversation.service.js';
import { SearchService } from '../matching/search.service.js';
import { Audit } from '../platform/audit/audit.js';
import { Log } from '../platform/logging/log.js';
import { ErasureRepository } from './erasure.repository.js';

/** Forgets a person, step by step: it may be killed after any of them and run again. */
@Injectable()
export class Eraser {
  constructor(
    private readonly repository: ErasureRepository,
    private readonly searches: SearchService,
    private readonly conversations: ConversationService,
    private readonly requests: AuthRequestService,
    private readonly audit: Audit,
    private readonly log: Log,
  ) {}

  /** Does nothing when it is done. Rejects when the user was matched at this very moment: the next try ends that, too. */
  async erase(erasureId: string): Promise<void> {
    const userId = await this.repository.findUser(erasureId);
    if (!userId) return;
    await this.searches.drop(userId);
    await this.conversations.endOf(userId, 'left', userId);
    await this.audit.transaction(async (transaction) => {
      const erased = await this.repository.deleteUser(transaction, userId);
      if (!erased) throw new Error('a conversation was opened meanwhile: the next try ends it');
      if (erased.email !== null) await this.requests.forget(transaction, erased.email);
      await this.repository.finish(transaction, erasureId);
      await this.audit.append(transaction, { event: 'erasure.done', target: erasureId });
    });
    this.log.info({ event: 'erasure.done', erasureId });
  }
}
