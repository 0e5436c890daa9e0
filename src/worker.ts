import { NestFactory } from '@nestjs/core';
import { boot } from './boot.js';
import { Readiness } from './platform/health/readiness.js';
import { Log } from './platform/logging/log.js';
import { NestLogger } from './platform/logging/nest-logger.js';
import { refusePort } from './refuse.js';
import { holdSignals, shutDownGracefully } from './shutdown.js';
import { WorkerModule } from './worker.module.js';

// The worker process: jobs only.
const started = await boot('worker');
// Jobs run, and the health says so, before the next statement is done.
const releaseSignals = holdSignals();
const app = await NestFactory.createApplicationContext(WorkerModule.for(started), {
  bufferLogs: true,
  abortOnError: false,
}).catch((error: NodeJS.ErrnoException) => refusePort(error));
app.useLogger(app.get(NestLogger));
shutDownGracefully(app, async () => app.get(Readiness).drain(), started.stopTracing, releaseSignals);
app.get(Log).info({ event: 'worker.running' });
