import { Controller, Delete, Get, HttpCode, Param, UseInterceptors } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import { SessionList } from '../contracts/http.dto.js';
import { Access } from '../platform/identity/access.decorator.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { SignedOut } from './session-answers.js';
import { SessionInterceptor } from './session.interceptor.js';
import { SessionService } from './session.service.js';

@Controller('sessions')
@UseInterceptors(SessionInterceptor)
export class SessionsController {
  constructor(private readonly sessions: SessionService) {}

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
