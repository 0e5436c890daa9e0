import { Redis } from 'ioredis';

/** Every key with what it holds, jobs included, as text. */
export async function redisContents(url: string): Promise<Map<string, string>> {
  const redis = new Redis(url);
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, 0, -1),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  };
  const contents = new Map<string, string>();
  for (const key of await redis.keys('*'))
    contents.set(key, JSON.stringify((await read[await redis.type(key)]?.(key)) ?? null));
  redis.disconnect();
  return contents;
}
