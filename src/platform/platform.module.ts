import { Global, Module } from '@nestjs/common';
import { Audit } from './audit/audit.js';
import { ProcessTrail } from './audit/process-trail.js';
import { DomainEvents } from './events/domain-events.js';
import { HealthMetrics } from './health/health-metrics.js';
import { LoadMonitor } from './health/load-monitor.js';
import { Readiness } from './health/readiness.js';
import { AddressSalts } from './http/address-salts.js';
import { ClientAddress } from './http/client-address.js';
import { EventBuckets } from './limiter/event-buckets.js';
import { HandshakeLimits } from './limiter/handshake-limits.js';
import { Mailer } from './mail/mailer.js';
import { ProcessCensus } from './limiter/process-census.js';
import { RateLimiter } from './limiter/rate-limiter.js';
import { SpentLimits } from './limiter/spent-limits.js';
import { Log } from './logging/log.js';
import { NestLogger } from './logging/nest-logger.js';
import { MetricsServer } from './metrics/metrics-server.js';
import { Metrics } from './metrics/metrics.js';
import { QueueModule } from './queue/queue.module.js';
import { RedisModule } from './redis/redis.module.js';
import { KeyRing } from './secrets/key-ring.js';
import { Clock } from './time/clock.js';

const services = [
  Log,
  NestLogger,
  Metrics,
  Clock,
  DomainEvents,
  Readiness,
  KeyRing,
  Audit,
  ClientAddress,
  HandshakeLimits,
  RateLimiter,
  EventBuckets,
  SpentLimits,
  Mailer,
  LoadMonitor,
  MetricsServer,
];

/** What every process has, whatever its role. */
@Global()
@Module({
  imports: [RedisModule, QueueModule],
  providers: [...services, AddressSalts, ProcessCensus, ProcessTrail, HealthMetrics],
  exports: services,
})
export class PlatformModule {}
