import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Readiness } from '../platform/health/readiness.js';
import type { ReadinessReport } from '../platform/health/readiness.js';
import { Access } from '../platform/identity/access.decorator.js';

/** For load balancers and orchestrators; host names are not checked here. */
@Access('open')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process runs. Says nothing of its stores: a restart would not mend those. */
  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** 200 while it can serve (ready or degraded), else 503; with the reasons. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    response.status(report.status === 'down' ? 503 : 200);
    return report;
  }
}
