import { Injectable } from '@nestjs/common';
import { JobProducer } from '../platform/queue/job-producer.js';
import { AuthRequestRepository } from './auth-request.repository.js';
import { authJobs } from './auth.jobs.js';

/** What auth finds by itself, every few seconds. */
@Injectable()
export class AuthSweep {
  constructor(
    private readonly requests: AuthRequestRepository,
    private readonly jobs: JobProducer,
  ) {}

  /** Puts back requests that a lost job left behind. */
  async run(): Promise<void> {
    for (const requestId of await this.requests.findForgotten())
      await this.jobs.add(authJobs, 'request.handle', { requestId }, { deduplication: { id: requestId } });
  }
}
