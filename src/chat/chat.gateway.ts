import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { MarkSeen, SendMessage, SetTyping, SyncConversation } from '../contracts/socket-requests.dto.js';
import type { MessagePage, SentMessage } from '../contracts/state.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { SocketHandlers } from '../platform/realtime/socket-handlers.decorator.js';
import { HistoryService } from './history.service.js';
import { MessageService } from './message.service.js';

/** The socket events of a running conversation. */
@SocketHandlers()
export class ChatGateway {
  constructor(
    private readonly messages: MessageService,
    private readonly history: HistoryService,
  ) {}

  @SubscribeMessage('message:send')
  send(@Caller() caller: Identity, @MessageBody() message: SendMessage): Promise<SentMessage> {
    return this.messages.send(caller, message);
  }

  @SubscribeMessage('message:seen')
  see(@Caller() caller: Identity, @MessageBody() mark: MarkSeen): Promise<Record<string, never>> {
    return this.messages.see(caller, mark);
  }

  @SubscribeMessage('typing:set')
  setTyping(@Caller() caller: Identity, @MessageBody() typing: SetTyping): Promise<Record<string, never>> {
    return this.messages.setTyping(caller, typing);
  }

  @SubscribeMessage('conversation:sync')
  sync(@Caller() caller: Identity, @MessageBody() position: SyncConversation): Promise<MessagePage> {
    return this.history.sync(caller, position);
  }
}
