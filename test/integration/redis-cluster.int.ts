import { Redis } from 'ioredis';
import type { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedisCluster } from '../../scripts/services/redis-cluster.mjs';
import { Readiness } from '../../src/platform/health/readiness.js';
import { inspectRedis } from '../../src/platform/redis/boot-check.js';
import { createRedis } from '../../src/platform/redis/redis-connection.js';

// A cluster is as good as the worst of its nodes: each in turn is told to be the bad one.

let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
let urls: string[];
let client: Cluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
  urls = cluster.url.split(',');
  client = createRedis(urls, 'request', () => undefined) as Cluster;
  await client.connect();
});
afterAll(async () => {
  client.disconnect();
  await cluster.stop();
});

/** The work while one node has another setting. */
async function whileSet(url: string, name: string, value: string, work: () => Promise<void>): Promise<void> {
  const node = new Redis(url);
  const [, before = ''] = (await node.call('CONFIG', 'GET', name)) as string[];
  await node.config('SET', name, value);
  try {
    await work();
  } finally {
    await node.config('SET', name, before);
    node.disconnect();
  }
}

const report = () =>
  new Readiness({ query: async () => [] } as never, { isLacking: async () => false } as never, client).report();

describe('of a Redis Cluster every node', () => {
  it('must take writes, or the process is degraded', async () => {
    expect(await report()).toEqual({ status: 'ready', reasons: [] });
    for (const url of urls)
      await whileSet(url, 'maxmemory', '1', async () => {
        expect(await report()).toEqual({ status: 'degraded', reasons: ['redis'] });
      });
    expect(await report()).toEqual({ status: 'ready', reasons: [] });
  });

  it('must not evict, or nothing starts', async () => {
    expect(await inspectRedis(urls)).toEqual([]);
    for (const url of urls)
      await whileSet(url, 'maxmemory-policy', 'allkeys-lru', async () => {
        expect(await inspectRedis(urls)).toEqual([
          'Redis must not evict: maxmemory-policy is allkeys-lru, not noeviction',
        ]);
      });
  });
});
