import { primariesOf } from './primaries.js';
import { createRedis } from './redis-connection.js';

/** Sharded pub/sub came with 7. */
const MIN_MAJOR = 7;

/**
 * Looks once whether this Redis keeps what it is given; of a cluster, whether each primary does.
 * @returns reasons not to start, one readable line each
 * @throws when it cannot be reached
 */
export async function inspectRedis(urls: readonly string[]): Promise<string[]> {
  const client = createRedis(urls, 'request', () => undefined);
  try {
    await client.connect();
    // INFO, because CONFIG is often forbidden on hosted Redis.
    const infos = await Promise.all(primariesOf(client).map((node) => node.info()));
    return [...new Set(infos.flatMap(faultsIn))];
  } finally {
    client.disconnect();
  }
}

function faultsIn(info: string): string[] {
  const field = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  const policy = field('maxmemory_policy');
  return [
    ...(Number.parseInt(field('redis_version'), 10) < MIN_MAJOR ? [`Redis is older than ${MIN_MAJOR}`] : []),
    ...(policy !== '' && policy !== 'noeviction'
      ? [`Redis must not evict: maxmemory-policy is ${policy}, not noeviction`]
      : []),
  ];
}
