import { Body, Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse } from '@nestjs/swagger';
import { Accepted, ChangeEmail, UseToken } from '../contracts/account.dto.js';
import { Me } from '../contracts/http.dto.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { CurrentVisitor } from './door-request.js';
import { EmailChangeService } from './email-change.service.js';
import { LatencyFloor } from './latency-floor.js';
import { SignedIn } from './auth.types.js';
import { SessionInterceptor } from './session.interceptor.js';
import type { Visitor } from './session.types.js';

@Controller('email-changes')
export class EmailChangesController {
  constructor(private readonly changes: EmailChangeService) {}

  /** The same bytes whether or not the new address is known. */
  @Post()
  @HttpCode(202)
  @Limits('email_change')
  @UseInterceptors(LatencyFloor)
  @ApiAcceptedResponse({ type: Accepted })
  ask(@Caller() caller: Identity, @Body() input: ChangeEmail): Promise<Accepted> {
    return this.changes.ask(caller, input);
  }

  @Post('confirm')
  @HttpCode(200)
  @Limits('token_address')
  @UseInterceptors(SessionInterceptor)
  @ApiOkResponse({ type: Me })
  confirm(@CurrentVisitor() visitor: Visitor, @Body() { token }: UseToken): Promise<SignedIn> {
    return this.changes.confirm(visitor, token);
  }
}
