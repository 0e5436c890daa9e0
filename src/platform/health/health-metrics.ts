import { Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { Readiness } from './readiness.js';

const REASONS = ['postgres', 'postgres_full', 'redis', 'draining'];

/** What `/health/ready` says, for both roles: a worker has no HTTP. */
@Injectable()
export class HealthMetrics {
  constructor(readiness: Readiness, metrics: Metrics) {
    metrics.series(
      'stoa_health_fault',
      '1 while this process lacks a store, or room in it, or drains',
      ['reason'],
      async () => {
        const { reasons } = await readiness.report();
        return REASONS.map((reason) => ({ labels: { reason }, value: Number(reasons.includes(reason)) }));
      },
    );
  }
}
