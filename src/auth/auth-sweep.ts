import { Injectable } from '@nestjs/common';
import { JobProducer } from '../platform/queue/job-producer.js';
import { AuthRequestRepository } from './auth-request.repository.js';
import { authJobs } from './auth.jobs.js';

/** What auth finds and forgets by itself, every few seconds. */
@Injectable()
export class AuthSweep {
  constructor(
    private readonly requests: AuthRequestRepository,
    private readonly jobs: JobProducer,
  ) {}

  /** Puts back requests that a lost job left behind, and deletes those whose time is over. */
  async run(): Promise<void> {
    for (const requestId of await this.requests.findForgotten())
      await this.jobs.add(authJobs, 'request.handle', { requestId }, { deduplication: { id: requestId } });
    await this.requests.deleteExpired();
  }
}
