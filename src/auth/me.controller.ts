import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { Me } from '../contracts/http.dto.js';
import { UpdateProfile } from '../contracts/profile.dto.js';
import { CurrentSession } from './door-request.js';
import { MeService } from './me.service.js';
import type { SessionFacts } from './session.types.js';

@Controller('me')
export class MeController {
  constructor(private readonly me: MeService) {}

  @Get()
  @ApiOkResponse({ type: Me })
  get(@CurrentSession() session: SessionFacts): Promise<Me> {
    return this.me.view(session);
  }

  @Patch()
  @ApiOkResponse({ type: Me })
  update(@CurrentSession() session: SessionFacts, @Body() input: UpdateProfile): Promise<Me> {
    return this.me.update(session, input);
  }
}
