import { Injectable } from '@nestjs/common';
import { ConversationService } from '../chat/conversation.service.js';
import type { RateConversation } from '../contracts/socket-requests.dto.js';
import { MatchingConfig } from '../config/config.types.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { OutcomeRepository } from './outcome.repository.js';

/** Whether a meeting was a good one: feeds the outcomes, and nobody's reputation. */
@Injectable()
export class RatingService {
  constructor(
    private readonly conversations: ConversationService,
    private readonly outcomes: OutcomeRepository,
    private readonly config: MatchingConfig,
  ) {}

  /** The first answer counts; another changes nothing. @throws NotFound also when it is too late */
  async rate({ userId }: Identity, { conversationId, good }: RateConversation): Promise<Record<string, never>> {
    const membership = await this.conversations.membershipOf(userId, conversationId);
    if (!(await this.outcomes.rate(membership, good, this.config.ratedWithinMs))) throw new NotFound();
    return {};
  }
}
