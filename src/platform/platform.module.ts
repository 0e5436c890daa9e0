import { Global, Module } from '@nestjs/common';
import { DomainEvents } from './events/domain-events.js';
import { Readiness } from './health/readiness.js';
import { Log } from './logging/log.js';
import { NestLogger } from './logging/nest-logger.js';
import { MetricsServer } from './metrics/metrics-server.js';
import { Metrics } from './metrics/metrics.js';
import { QueueModule } from './queue/queue.module.js';
import { RedisModule } from './redis/redis.module.js';
import { Clock } from './time/clock.js';

const services = [Log, NestLogger, Metrics, Clock, DomainEvents, Readiness];

/** What every process has, whatever its role. */
@Global()
@Module({
  imports: [RedisModule, QueueModule],
  providers: [...services, MetricsServer],
  exports: services,
})
export class PlatformModule {}
