import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import type { RedisClient } from './redis-connection.js';

/** STRING: nothing; TTL a minute. Written to see that Redis takes writes: one that is full still answers what it holds. */
const PROBE_KEY = 'stoa:probe';
const PROBE_TTL = 60_000;

/** Has no key, so that each node of a cluster can be asked. Redis refuses a script of this head where it would refuse a write. */
const WRITING_SCRIPT = '#!lua\nreturn 1';

/** Who takes the writes: each primary of a cluster, else the one Redis there is. */
export const primariesOf = (redis: RedisClient): Redis[] =>
  redis instanceof Cluster ? redis.nodes('master') : [redis];

/** @throws when Redis, or any primary of a cluster, takes no writes */
export async function probeWrites(redis: RedisClient): Promise<void> {
  const ofNodes = redis instanceof Cluster ? primariesOf(redis).map((node) => node.eval(WRITING_SCRIPT, 0)) : [];
  await Promise.all([redis.set(PROBE_KEY, '', 'PX', PROBE_TTL), ...ofNodes]);
}
