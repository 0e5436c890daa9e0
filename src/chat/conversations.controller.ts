import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { HistoryQuery } from '../contracts/http.dto.js';
import { MessagePage } from '../contracts/state.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { MessageService } from './message.service.js';

@Controller('conversations')
export class ConversationsController {
  constructor(private readonly messages: MessageService) {}

  /** The caller's own conversation, also an ended one while it is retained. */
  @Get(':id/messages')
  @ApiOkResponse({ type: MessagePage })
  history(@Caller() caller: Identity, @Param('id') id: string, @Query() query: HistoryQuery): Promise<MessagePage> {
    return this.messages.history(caller, id, query);
  }
}
