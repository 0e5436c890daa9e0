import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { HistoryQuery } from '../contracts/http.dto.js';
import { MessagePage } from '../contracts/state.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { HistoryService } from './history.service.js';

@Controller('conversations')
export class ConversationsController {
  constructor(private readonly history: HistoryService) {}

  /** The caller's own conversation, also an ended one while it is retained. */
  @Get(':id/messages')
  @ApiOkResponse({ type: MessagePage })
  listMessages(
    @Caller() caller: Identity,
    @Param('id') id: string,
    @Query() query: HistoryQuery,
  ): Promise<MessagePage> {
    return this.history.list(caller, id, query);
  }
}
