import type { RequestHandler } from 'express';
import type { Metrics } from '../metrics/metrics.js';

/** Times requests by route pattern, never by path: ids in paths must not become labels. */
export function measureRequests(metrics: Metrics): RequestHandler {
  const seconds = metrics.histogram('stoa_http_request_seconds', 'From arrival of a request to the end of its answer', {
    labels: ['method', 'route', 'status'],
  });
  return (request, response, next) => {
    const end = seconds.startTimer();
    response.once('finish', () => {
      // Of what matched no route not even the method is ours: it is whatever a scanner sent.
      const path = (request.route as { path?: unknown } | undefined)?.path;
      const known = typeof path === 'string';
      end({ method: known ? request.method : 'any', route: known ? path : 'none', status: `${response.statusCode}` });
    });
    next();
  };
}
