import { Catch, HttpException, Injectable } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { StoaError } from '../errors/stoa-error.js';
import { toProblem, toStoaError } from '../errors/error-mapper.js';
import { accessRefusal } from '../audit/access-refusal.js';
import { Audit } from '../audit/audit.js';
import type { Identity } from '../identity/identity.types.js';
import { Log } from '../logging/log.js';
import { currentContext } from '../request-context/request-context.js';
import { newRequestId } from '../request-context/request-id.js';
import { allowedMethods } from './route-methods.js';

/** Answers every HTTP error as RFC 9457, also those of middleware and of routes that do not exist. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly audit: Audit,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = this.map(exception, request, response);
    const requestId = currentContext()?.requestId ?? newRequestId();
    if (error.level !== 'debug')
      this.log[error.level]({
        event: 'http.request_failed',
        method: request.method,
        code: error.code,
        err: error.cause ?? error,
      });
    this.noteRefusal(error, request);
    if (response.headersSent) return void response.destroy();
    const problem = toProblem(error, requestId);
    if (error.retryAfterMs !== undefined)
      response.setHeader('Retry-After', Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
    // What was not read of an oversized body would be taken for the next request.
    if (error.code === 'BODY_TOO_LARGE') response.setHeader('Connection', 'close');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  /** By whom it is known, at a route that is there. */
  private noteRefusal({ code }: StoaError, request: Request & { identity?: Identity }): void {
    if (!request.identity) return;
    const { path } = request.route as { path: string };
    const entry = accessRefusal(code, `${request.method} ${path}`);
    if (entry) this.audit.tally(entry);
  }

  private map(exception: unknown, request: Request, response: Response): StoaError {
    const isMissing = exception instanceof HttpException && exception.getStatus() === 404;
    const methods = isMissing ? allowedMethods(request) : [];
    if (methods.length === 0 || methods.includes(request.method)) return toStoaError(exception);
    response.setHeader('Allow', methods.join(', '));
    return new StoaError('METHOD_NOT_ALLOWED');
  }
}
