import { Injectable } from '@nestjs/common';
import type { JobHandlers } from '../platform/queue/job-definitions.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { Processor } from '../platform/queue/processor.decorator.js';
import type { JobProcessor } from '../platform/queue/processor.decorator.js';
import { AuthRequestHandler } from './auth-request.handler.js';
import { AuthSweep } from './auth-sweep.js';
import { authJobs } from './auth.jobs.js';

/** ms between two sweeps */
const SWEEP_INTERVAL = 10_000;

@Processor()
@Injectable()
export class AuthProcessor implements JobProcessor<typeof authJobs> {
  readonly queue = authJobs;

  readonly handlers: JobHandlers<typeof authJobs> = {
    'request.handle': ({ requestId }) => this.requests.handle(requestId),
    'auth.sweep': () => this.sweep.run(),
  };

  constructor(
    private readonly requests: AuthRequestHandler,
    private readonly sweep: AuthSweep,
    private readonly producer: JobProducer,
  ) {}

  schedule(): Promise<void> {
    return this.producer.schedule(authJobs, 'auth.sweep', SWEEP_INTERVAL, {});
  }
}
