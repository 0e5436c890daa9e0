import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RateConversation } from '../contracts/socket-requests.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { SocketHandlers } from '../platform/realtime/socket-handlers.decorator.js';
import { RatingService } from './rating.service.js';

@SocketHandlers()
export class RatingGateway {
  constructor(private readonly ratings: RatingService) {}

  @SubscribeMessage('conversation:rate')
  rate(@Caller() caller: Identity, @MessageBody() rating: RateConversation): Promise<Record<string, never>> {
    return this.ratings.rate(caller, rating);
  }
}
