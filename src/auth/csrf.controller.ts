import { Controller, Get, UseInterceptors } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CsrfToken } from '../contracts/http.dto.js';
import { Access } from '../platform/identity/access.decorator.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { CsrfService } from './csrf.service.js';
import { CurrentVisitor } from './door-request.js';
import { PreSessionOpened } from './auth.types.js';
import { SessionInterceptor } from './session.interceptor.js';
import type { Visitor } from './session.types.js';

@Controller('csrf')
@UseInterceptors(SessionInterceptor)
export class CsrfController {
  constructor(private readonly csrf: CsrfService) {}

  /** The CSRF token of the caller's session; makes a pre-session where there is none. */
  @Get()
  @Access('visitor')
  @Limits('csrf')
  @ApiOkResponse({ type: CsrfToken })
  get(@CurrentVisitor() visitor: Visitor): Promise<CsrfToken | PreSessionOpened> {
    return this.csrf.tokenFor(visitor);
  }
}
