import { Injectable } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger, LoggerOptions } from 'pino';
import { RuntimeConfig } from '../../config/config.types.js';
import { LogCap } from './log-cap.js';
import { currentContext } from '../request-context/request-context.js';

/** A log line: an event in the past tense or a state, with plain fields. Never texts, tokens, addresses or e-mails (security 1.8 T3). */
export type LogEvent = { event: string } & Record<string, unknown>;

/** Longest string field (characters): a log line cannot be made to grow by its input. */
const MAX_FIELD = 1_024;

/** Structured logs: one JSON line per event, joined by `requestId`. */
@Injectable()
export class Log {
  private readonly logger: Logger;

  constructor(runtime: RuntimeConfig) {
    this.logger = createLogger(runtime.logLevel);
  }

  debug(event: LogEvent): void {
    this.logger.debug(event);
  }

  info(event: LogEvent): void {
    this.logger.info(event);
  }

  warn(event: LogEvent): void {
    this.logger.warn(event);
  }

  error(event: LogEvent): void {
    this.logger.error(event);
  }
}

/** The pino instance behind `Log`; `destination` is for tests. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const cap = new LogCap((name, count) => logger.warn({ event: 'log.suppressed', name, count }));
  const options: LoggerOptions = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => ({ ...currentContext() }),
    formatters: { level: (label: string) => ({ level: label }), log: shorten },
    serializers: { err: describeError, cause: describeError },
    hooks: {
      logMethod(line, write) {
        const [{ event }] = line as unknown as [LogEvent];
        if (cap.admits(event)) write.apply(this, line);
      },
    },
  };
  const logger = destination ? pino(options, destination) : pino(options);
  return logger;
}

function shorten(fields: Record<string, unknown>): Record<string, unknown> {
  for (const [key, value] of Object.entries(fields))
    if (typeof value === 'string' && value.length > MAX_FIELD) fields[key] = `${value.slice(0, MAX_FIELD)}…`;
  return fields;
}

/** Name, code, message and stack only: drivers hang parameters, queries and hosts on their errors. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  const isDriverError = 'query' in error || 'parameters' in error || 'detail' in error;
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: isDriverError ? error.message.split('\n')[0]?.slice(0, 200) : error.message.slice(0, 500),
    stack: error.stack?.split('\n').slice(1, 12).join('\n'),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
