import pg from 'pg';
import { startPostgres } from '../scripts/services/postgres.mjs';
import { startRedis } from '../scripts/services/redis.mjs';
import { migrate } from '../src/platform/postgres/migrator.js';

/** A database of its own on a Postgres that syncs, made anew for each run, and an empty Redis. */
export async function withStores<T>(work: (databaseUrl: string, redisUrl: string) => Promise<T>): Promise<T> {
  const [postgres, redis] = [await startPostgres(), await startRedis({ fresh: true })];
  const owner = new pg.Client({ connectionString: postgres.url });
  await owner.connect();
  try {
    await owner.query('DROP DATABASE IF EXISTS bench WITH (FORCE)');
    await owner.query('CREATE DATABASE bench');
    const url = Object.assign(new URL(postgres.url), { pathname: '/bench' }).href;
    await migrate(url);
    return await work(url, redis.url);
  } finally {
    await owner.query('DROP DATABASE IF EXISTS bench WITH (FORCE)');
    await owner.end();
    await Promise.all([postgres.stop(), redis.stop()]);
  }
}
