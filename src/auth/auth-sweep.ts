import { Injectable } from '@nestjs/common';
import { AuthRequestHandler } from './auth-request.handler.js';
import { AuthRequestRepository } from './auth-request.repository.js';

/** What auth finds and forgets by itself, every few seconds. */
@Injectable()
export class AuthSweep {
  constructor(
    private readonly handler: AuthRequestHandler,
    private readonly requests: AuthRequestRepository,
  ) {}

  async run(): Promise<void> {
    await this.handler.resume();
    await this.requests.deleteExpired();
  }
}
