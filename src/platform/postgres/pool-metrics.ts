import { Injectable } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { waitingLookups } from './batch-loader.js';
import { Database } from './database.js';

/** How much of its Postgres pool this process uses, and how much waits to be joined into a query. */
@Injectable()
export class PoolMetrics {
  constructor({ pool }: Database, metrics: Metrics) {
    metrics.series('stoa_postgres_pool_connections', 'Connections to Postgres', ['state'], () => [
      { labels: { state: 'idle' }, value: pool.idleCount },
      { labels: { state: 'busy' }, value: pool.totalCount - pool.idleCount },
    ]);
    metrics.gauge('stoa_postgres_pool_size', 'Most connections to Postgres', () => pool.options.max);
    metrics.gauge('stoa_postgres_pool_waiting', 'Queries that wait for a connection', () => pool.waitingCount);
    metrics.gauge('stoa_postgres_lookups_waiting', 'Look-ups that wait to be joined into a query', waitingLookups);
  }
}
