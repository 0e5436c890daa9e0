import { Controller, Delete, Get, Head, Header, HttpCode, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiAcceptedResponse, ApiExcludeEndpoint, ApiOkResponse } from '@nestjs/swagger';
import { SessionInterceptor } from '../auth/auth.module.js';
import type { SignedOut } from '../auth/auth.types.js';
import { Accepted } from '../contracts/account.dto.js';
import { ErasureAccepted, ExportStatus } from '../contracts/privacy.dto.js';
import { StoaError } from '../platform/errors/stoa-error.js';
import { Access } from '../platform/identity/access.decorator.js';
import { Caller } from '../platform/identity/caller.decorator.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Limits } from '../platform/limiter/limits.decorator.js';
import { ErasureService } from './erasure.service.js';
import { ExportService } from './export.service.js';

@Controller('me')
@Access('suspended')
export class PrivacyController {
  constructor(
    private readonly erasures: ErasureService,
    private readonly exports: ExportService,
  ) {}

  @Delete()
  @HttpCode(202)
  @Limits('erasure')
  @UseInterceptors(SessionInterceptor)
  @ApiAcceptedResponse({ type: ErasureAccepted })
  erase(@Caller() caller: Identity): Promise<SignedOut<ErasureAccepted>> {
    return this.erasures.ask(caller);
  }

  @Post('export')
  @HttpCode(202)
  @Limits('export')
  @ApiAcceptedResponse({ type: Accepted })
  askExport(@Caller() caller: Identity): Promise<Accepted> {
    return this.exports.ask(caller);
  }

  @Get('export')
  @ApiOkResponse({ type: ExportStatus })
  exportStatus(@Caller() caller: Identity): Promise<ExportStatus> {
    return this.exports.status(caller);
  }

  /** Express would have the handler of GET answer, which takes the archive away: HEAD changes nothing. */
  @Head('export/:token')
  @ApiExcludeEndpoint()
  refuseHead(): never {
    throw new StoaError('METHOD_NOT_ALLOWED');
  }

  /** The archive, once; only with its owner's session. */
  @Get('export/:token')
  @Header('Content-Disposition', 'attachment; filename="stoa-export.json"')
  fetchExport(@Caller() caller: Identity, @Param('token') token: string): Promise<object> {
    return this.exports.fetch(caller, token);
  }
}
