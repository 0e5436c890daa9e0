import { Body, Controller, Post, UseInterceptors } from '@nestjs/common';
import { ApiCreatedResponse } from '@nestjs/swagger';
import { Me } from '../contracts/http.dto.js';
import { CreateGuest } from '../contracts/profile.dto.js';
import { Access } from '../platform/identity/access.decorator.js';
import { CurrentVisitor } from './door-request.js';
import { SignedIn } from './auth.types.js';
import { SessionInterceptor } from './session.interceptor.js';
import type { Visitor } from './session.types.js';
import { UserService } from './user.service.js';

@Controller('guests')
@UseInterceptors(SessionInterceptor)
export class GuestsController {
  constructor(private readonly users: UserService) {}

  @Post()
  @Access('visitor')
  @ApiCreatedResponse({ type: Me })
  create(@CurrentVisitor() visitor: Visitor, @Body() input: CreateGuest): Promise<SignedIn> {
    return this.users.createGuest(visitor, input);
  }
}
