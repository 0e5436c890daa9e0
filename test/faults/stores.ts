import { startPostgres } from '../../scripts/services/postgres.mjs';
import { migrate } from '../../src/platform/postgres/migrator.js';
import { databaseUrl } from '../support/database.js';
import { FaultDeployment } from './fault-deployment.js';

/** On a Postgres of its own, with the migrated database that every deployment copies. */
export async function withPostgres<T>(work: () => Promise<T>): Promise<T> {
  const { url, stop } = await startPostgres({ fresh: true });
  try {
    await migrate(url);
    process.env['STOA_TEST_POSTGRES'] = databaseUrl(url, 'postgres');
    return await work();
  } finally {
    await stop();
  }
}

export async function withDeployment<T>(
  options: { dist?: string },
  work: (deployment: FaultDeployment) => Promise<T>,
): Promise<T> {
  const deployment = await FaultDeployment.start(options);
  try {
    return await work(deployment);
  } finally {
    await deployment.stop();
  }
}
