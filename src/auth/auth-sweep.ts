import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { AuthRequestRepository } from './auth-request.repository.js';
import { authJobs } from './auth.jobs.js';

/** What auth finds by itself, every few seconds. */
@Injectable()
export class AuthSweep {
  constructor(
    private readonly requests: AuthRequestRepository,
    private readonly jobs: JobProducer,
    private readonly log: Log,
  ) {}

  /** Puts back requests that a lost or failed job left behind, ever more seldom, and in the end no more. */
  async run(): Promise<void> {
    for (const { id: requestId, isGivenUp } of await this.requests.takeForgotten())
      if (isGivenUp) this.log.error({ event: 'auth.request_given_up', outboxId: requestId });
      else await this.jobs.add(authJobs, 'request.handle', { requestId }, { deduplication: { id: requestId } });
  }
}
