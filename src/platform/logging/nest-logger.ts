import { Injectable } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { Log } from './log.js';

/** What Nest itself says, in our form. Its start-up chatter is debug. */
@Injectable()
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(describe(message, rest));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(describe(message, rest));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(describe(message, rest));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(describe(message, rest));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(describe(message, rest));
  }
}

function describe(message: unknown, rest: unknown[]): { event: string } & Record<string, unknown> {
  return {
    event: 'nest.message',
    ...(message instanceof Error ? { err: message } : { message: String(message) }),
    ...(typeof rest.at(-1) === 'string' ? { context: rest.at(-1) } : {}),
  };
}
