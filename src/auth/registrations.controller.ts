import { Body, Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse } from '@nestjs/swagger';
import { Accepted, Register, UseToken } from '../contracts/account.dto.js';
import { Me } from '../contracts/http.dto.js';
import { Access } from '../platform/identity/access.decorator.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { CurrentVisitor } from './door-request.js';
import { LatencyFloor } from './latency-floor.js';
import { RegistrationService } from './registration.service.js';
import { SignedIn } from './auth.types.js';
import { SessionInterceptor } from './session.interceptor.js';
import type { Visitor } from './session.types.js';

@Controller('registrations')
@Access('visitor')
export class RegistrationsController {
  constructor(private readonly registrations: RegistrationService) {}

  /** The same bytes whether or not the address is known. */
  @Post()
  @HttpCode(202)
  @Limits('registration_address', 'registration_pair', 'registration_email')
  @UseInterceptors(LatencyFloor)
  @ApiAcceptedResponse({ type: Accepted })
  ask(@CurrentVisitor() visitor: Visitor, @Body() input: Register): Promise<Accepted> {
    return this.registrations.ask(visitor, input);
  }

  @Post('confirm')
  @HttpCode(200)
  @Limits('token_address')
  @UseInterceptors(SessionInterceptor)
  @ApiOkResponse({ type: Me })
  confirm(@CurrentVisitor() visitor: Visitor, @Body() { token }: UseToken): Promise<SignedIn> {
    return this.registrations.confirm(visitor, token);
  }
}
