import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import { SignIn } from '../contracts/account.dto.js';
import { Me, SessionList } from '../contracts/http.dto.js';
import { Access } from '../platform/identity/access.decorator.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { CurrentVisitor } from './door-request.js';
import { LatencyFloor } from './latency-floor.js';
import { SignedIn, SignedOut } from './auth.types.js';
import { SessionInterceptor } from './session.interceptor.js';
import { SessionService } from './session.service.js';
import type { Visitor } from './session.types.js';
import { SignInService } from './sign-in.service.js';

@Controller('sessions')
@UseInterceptors(SessionInterceptor)
export class SessionsController {
  constructor(
    private readonly sessions: SessionService,
    private readonly signIns: SignInService,
  ) {}

  /** Unknown, wrong, unconfirmed and suspended get the same bytes. */
  @Post()
  @HttpCode(200)
  @Access('visitor')
  @Limits('login_pair', 'login_address', 'login_email')
  @UseInterceptors(LatencyFloor)
  @ApiOkResponse({ type: Me })
  signIn(@CurrentVisitor() visitor: Visitor, @Body() input: SignIn): Promise<SignedIn> {
    return this.signIns.signIn(visitor, input);
  }

  @Get()
  @ApiOkResponse({ type: SessionList })
  list(@Caller() caller: Identity): Promise<SessionList> {
    return this.sessions.list(caller);
  }

  @Delete('current')
  @HttpCode(204)
  @Access('suspended')
  @ApiNoContentResponse()
  endCurrent(@Caller() caller: Identity): Promise<SignedOut | undefined> {
    return this.sessions.end(caller, caller.sessionId);
  }

  /** Another session of the caller, or this one; 404 for everything else. */
  @Delete(':id')
  @HttpCode(204)
  @Access('suspended')
  @ApiNoContentResponse()
  end(@Caller() caller: Identity, @Param('id') id: string): Promise<SignedOut | undefined> {
    return this.sessions.end(caller, id);
  }
}
