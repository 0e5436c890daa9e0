import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import express from 'express';
import type { Express } from 'express';
import { StaffConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { MetricsServer } from '../platform/metrics/metrics-server.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { JobRunner } from '../platform/queue/job-runner.js';
import { StaffAccess } from './staff-access.service.js';

/** bull-board on the operators' port of a worker, for whoever has the staff's password. Jobs carry ids only, so that is all it shows. */
@Injectable()
export class QueueDashboard implements OnApplicationBootstrap {
  private board?: Express;

  constructor(
    private readonly runner: JobRunner,
    private readonly producer: JobProducer,
    private readonly server: MetricsServer,
    private readonly staff: StaffConfig,
    private readonly log: Log,
    private readonly access: StaffAccess,
  ) {}

  onApplicationBootstrap(): void {
    const { password } = this.staff;
    if (password === undefined) return;
    const app = express().disable('x-powered-by');
    app.use(this.access.handler(password));
    // Built when first asked for: queues cannot be made while Redis is away.
    app.use((request, response, next) => {
      try {
        (this.board ??= this.build())(request, response, next);
      } catch (error) {
        this.log.warn({ event: 'queue_dashboard.unavailable', err: error });
        response.status(503).end();
      }
    });
    this.server.serve('queues', app);
  }

  private build(): Express {
    const adapter = new ExpressAdapter();
    adapter.setBasePath('/queues');
    const queues = this.runner.queues.map((definition) => new BullMQAdapter(this.producer.queueOf(definition)));
    createBullBoard({ queues, serverAdapter: adapter, options: { uiConfig: { boardTitle: 'Stoa' } } });
    return express().use('/queues', adapter.getRouter() as Express);
  }
}
