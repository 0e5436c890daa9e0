import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import { BlockList, ReportConversation, ReportReceipt } from '../contracts/safety.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { BlockService } from './block.service.js';
import { ReportService } from './report.service.js';

@Controller()
export class SafetyController {
  constructor(
    private readonly blocks: BlockService,
    private readonly reports: ReportService,
  ) {}

  /** During the conversation, which ends it, or after it. */
  @Post('conversations/:id/block')
  @HttpCode(204)
  @ApiNoContentResponse()
  block(@Caller() caller: Identity, @Param('id') id: string): Promise<void> {
    return this.blocks.block(caller, id);
  }

  @Post('conversations/:id/reports')
  @HttpCode(202)
  @Limits('report', 'report_address')
  @ApiAcceptedResponse({ type: ReportReceipt })
  report(
    @Caller() caller: Identity,
    @Param('id') id: string,
    @Body() report: ReportConversation,
  ): Promise<ReportReceipt> {
    return this.reports.report(caller, id, report);
  }

  @Get('blocks')
  @ApiOkResponse({ type: BlockList })
  list(@Caller() caller: Identity): Promise<BlockList> {
    return this.blocks.list(caller);
  }

  @Delete('blocks/:id')
  @HttpCode(204)
  @ApiNoContentResponse()
  undo(@Caller() caller: Identity, @Param('id') id: string): Promise<void> {
    return this.blocks.undo(caller, id);
  }
}
