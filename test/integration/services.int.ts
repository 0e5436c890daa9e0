import { Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { startRedisCluster } from '../../scripts/services/redis-cluster.mjs';
import { startRedis } from '../../scripts/services/redis.mjs';

it('starts a throw-away Postgres whose owner may make databases, whatever DATABASE_URL says', async () => {
  const { url, stop } = await startPostgres({ fresh: true });
  expect(url).not.toBe(process.env['DATABASE_URL']);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE DATABASE another');
  expect((await client.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
  await client.end();
  await stop();
  await expect(new pg.Client({ connectionString: url }).connect()).rejects.toThrow('ECONNREFUSED');
});

it('starts throw-away Redises that share nothing and never evict', async () => {
  const servers = await Promise.all([startRedis({ fresh: true }), startRedis({ fresh: true })]);
  const [one, other] = servers.map(({ url }) => new Redis(url)) as [Redis, Redis];
  await one.set('key', 'value');
  expect(await other.exists('key')).toBe(0);
  expect(await one.info('memory')).toContain('maxmemory_policy:noeviction');
  one.disconnect();
  other.disconnect();
  await Promise.all(servers.map(({ stop }) => stop()));
});

it('starts a cluster of three primaries that between them serve every slot', async () => {
  const { url, stop } = await startRedisCluster();
  const cluster = new Cluster(url.split(','));
  const keys = Array.from({ length: 50 }, (_, i) => `key ${i}`);
  await Promise.all(keys.map((key) => cluster.set(key, key)));
  expect(await Promise.all(keys.map((key) => cluster.get(key)))).toEqual(keys);
  const sizes = await Promise.all(cluster.nodes('master').map((node) => node.dbsize()));
  expect(sizes).toHaveLength(3);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  cluster.disconnect();
  await stop();
});
