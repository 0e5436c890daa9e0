import type { RedisClient } from './redis-connection.js';

/** The lowest score in these zsets, null when all are empty. One command each: a cluster has them on several nodes. */
export async function lowestScore(redis: RedisClient, keys: readonly string[]): Promise<number | null> {
  const firsts = await Promise.all(keys.map((key) => redis.zrange(key, '0', '0', 'WITHSCORES')));
  const scores = firsts.flatMap(([, score]) => (score === undefined ? [] : [Number(score)]));
  return scores.length === 0 ? null : Math.min(...scores);
}
