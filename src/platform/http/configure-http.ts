import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { HttpConfig } from '../../config/config.types.js';
import { Audit } from '../audit/audit.js';
import { Log } from '../logging/log.js';
import { DtoPipe } from '../validation/dto.pipe.js';
import { strictJson } from './body-parser.js';
import { limitConnections } from './connection-limit.js';
import { CSP_REPORTS_PATH, receiveCspReports } from './csp-reports.js';
import { Metrics } from '../metrics/metrics.js';
import { refusePipelines } from './pipelining.js';
import { ProblemFilter } from './problem.filter.js';
import { refuseAllButUpgrades } from './raw-problem.js';
import { assignRequestId, checkTarget } from './request-gate.js';
import { limitRequests } from './request-limit.js';
import { traceRequest } from './request-tracing.js';
import { measureRequests } from './request-metrics.js';
import { apiHeaders } from './security-headers.js';
import { configureServer } from './server-edge.js';
import { serveWebClient } from './web-client.js';

/** Where the routes lie; probes stay at the root. Also for the document that describes them. */
export function setApiPrefix(app: INestApplication): void {
  app.setGlobalPrefix('api/v1', { exclude: ['health/live', 'health/ready'] });
}

/** Everything between the wire and the controllers, in the order in which a request meets it. */
export function configureHttp(app: NestExpressApplication, config: HttpConfig): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('trust proxy', config.trustProxy.length > 0 ? [...config.trustProxy] : false);
  app.use(assignRequestId);
  app.use(traceRequest);
  app.use(measureRequests(app.get(Metrics)));
  app.use(apiHeaders(config));
  app.use(checkTarget(config.allowedHosts));
  app.use(limitRequests(app));
  app.use('/socket.io', refuseAllButUpgrades);
  app.use(CSP_REPORTS_PATH, ...receiveCspReports(app));
  app.use(serveWebClient(config));
  app.use(...strictJson());
  setApiPrefix(app);
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new ProblemFilter(app.get(Log), app.get(Audit)));
  configureServer(app.getHttpServer(), config);
  limitConnections(app.getHttpServer(), app);
  refusePipelines(app.getHttpServer());
}
