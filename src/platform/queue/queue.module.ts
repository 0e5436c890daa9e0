import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { JobProducer } from './job-producer.js';
import { JobJanitor } from './job-janitor.js';
import { JobRunner } from './job-runner.js';
import { QueueMetrics } from './queue-metrics.js';

/** Producing jobs: both roles. */
@Global()
@Module({ providers: [JobProducer], exports: [JobProducer] })
export class QueueModule {}

/** Running jobs: the worker only. */
@Module({
  imports: [DiscoveryModule],
  providers: [JobRunner, JobJanitor, QueueMetrics],
  exports: [JobRunner, JobJanitor],
})
export class JobRunnerModule {}
