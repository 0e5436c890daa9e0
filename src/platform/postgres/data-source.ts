import { DataSource } from 'typeorm';
import type { DatabaseFacts } from './boot-check.js';

/** Longest that a process waits for each step of a statement (ms). */
const TIMEOUTS = { statement: 3_000, lock: 1_000, idleInTransaction: 5_000, connect: 2_000 };

/** Connections of one process. */
const POOL_SIZE = 10;

interface DataSourceOptions {
  url: string;
  /** Shows in pg_stat_activity: `stoa-api`, `stoa-worker`. */
  applicationName: string;
  facts: Pick<DatabaseFacts, 'role'>;
}

/** The process's one pool, acting as the application role where there is one. */
export function createDataSource({ url, applicationName, facts }: DataSourceOptions): DataSource {
  const settings = [
    `-c statement_timeout=${TIMEOUTS.statement}`,
    `-c lock_timeout=${TIMEOUTS.lock}`,
    `-c idle_in_transaction_session_timeout=${TIMEOUTS.idleInTransaction}`,
    ...(facts.role ? [`-c role=${facts.role}`] : []),
  ];
  return new DataSource({
    type: 'postgres',
    url,
    applicationName,
    installExtensions: false,
    synchronize: false,
    poolSize: POOL_SIZE,
    connectTimeoutMS: TIMEOUTS.connect,
    extra: {
      options: settings.join(' '),
      keepAlive: true,
      idleTimeoutMillis: 30_000,
      maxLifetimeSeconds: 1_800,
      // A server that vanished without a word must not hold a caller for ever.
      query_timeout: TIMEOUTS.statement + 2_000,
    },
  });
}
