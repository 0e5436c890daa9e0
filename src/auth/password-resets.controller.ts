import { Body, Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse } from '@nestjs/swagger';
import { Accepted, AskPasswordReset, ConfirmPasswordReset } from '../contracts/account.dto.js';
import { Access } from '../platform/identity/access.decorator.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { CurrentVisitor } from './door-request.js';
import { LatencyFloor } from './latency-floor.js';
import { PasswordResetService } from './password-reset.service.js';
import type { Visitor } from './session.types.js';

@Controller('password-resets')
@Access('visitor')
export class PasswordResetsController {
  constructor(private readonly resets: PasswordResetService) {}

  /** The same bytes always. */
  @Post()
  @HttpCode(202)
  @Limits('reset_address', 'reset_pair', 'reset_email')
  @UseInterceptors(LatencyFloor)
  @ApiAcceptedResponse({ type: Accepted })
  ask(@CurrentVisitor() visitor: Visitor, @Body() input: AskPasswordReset): Promise<Accepted> {
    return this.resets.ask(visitor, input);
  }

  /** Ends every session of the member; signs nobody in. */
  @Post('confirm')
  @HttpCode(204)
  @Limits('token_address')
  @ApiNoContentResponse()
  confirm(@Body() input: ConfirmPasswordReset): Promise<void> {
    return this.resets.confirm(input);
  }
}
