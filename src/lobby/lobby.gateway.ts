import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { LeaveConversation, StartSearch } from '../contracts/socket-requests.dto.js';
import type { State } from '../contracts/state.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { SocketHandlers } from '../platform/realtime/socket-handlers.decorator.js';
import { LobbyService } from './lobby.service.js';

/** Every event that answers with `State`. */
@SocketHandlers()
export class LobbyGateway {
  constructor(private readonly lobby: LobbyService) {}

  @SubscribeMessage('session:state')
  state(@Caller() caller: Identity): Promise<State> {
    return this.lobby.stateOf(caller);
  }

  @SubscribeMessage('search:start')
  start(@Caller() caller: Identity, @MessageBody() wish: StartSearch): Promise<State> {
    return this.lobby.startSearch(caller, wish);
  }

  @SubscribeMessage('search:cancel')
  cancel(@Caller() caller: Identity): Promise<State> {
    return this.lobby.cancelSearch(caller);
  }

  @SubscribeMessage('conversation:leave')
  leave(@Caller() caller: Identity, @MessageBody() request: LeaveConversation): Promise<State> {
    return this.lobby.leave(caller, request);
  }
}
