import { once } from 'node:events';
import { SpanKind } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { traced } from '../tracing/traced.js';

/** One span per request, from its arrival to the end of its answer. Named by the method alone: paths hold ids. */
export const traceRequest: RequestHandler = (request, response, next) => {
  const answered = (): Promise<unknown> => {
    const closed = once(response, 'close');
    next();
    return closed;
  };
  void traced(`HTTP ${request.method}`, { kind: SpanKind.SERVER }, answered);
};
