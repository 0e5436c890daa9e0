import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';

/** A client of one Redis or of a cluster: the commands are the same. */
export type RedisClient = Redis | Cluster;

/**
 * How a connection behaves when Redis is away.
 * `request`: a caller waits, so it fails within 500 ms and nothing is queued or sent twice.
 * `worker`: BullMQ's blocking connection, which waits for Redis for as long as it takes.
 * `subscriber`: like `request`, but has no time-out. Its owner subscribes on `ready`: what ioredis asks for by itself on a connection
 * that goes again at once rejects where nobody can catch it. (In a cluster the group of subscribers does it, and catches.)
 */
export type RedisProfile = 'request' | 'worker' | 'subscriber';

/** ms */
const CONNECT_TIMEOUT = 1_000;
const COMMAND_TIMEOUT = 500;
const MAX_RECONNECT_DELAY = 1_000;
/** Silence after which the kernel asks whether the other end is still there; 10 s later a host that vanished is noticed. */
const KEEP_ALIVE = 10_000;
/** A connection on which a command waits and nothing comes for this long is dead: what is sent later would wait behind it. */
const SOCKET_TIMEOUT = 2_000;

const retryDelayMs = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RECONNECT_DELAY);

function optionsOf(profile: RedisProfile): RedisOptions {
  const base: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT,
    retryStrategy: retryDelayMs,
    lazyConnect: true,
    keepAlive: KEEP_ALIVE,
  };
  if (profile === 'worker') return { ...base, maxRetriesPerRequest: null };
  const hurried = { ...base, enableOfflineQueue: false, socketTimeout: SOCKET_TIMEOUT };
  if (profile === 'subscriber') return { ...hurried, autoResubscribe: false };
  return {
    ...hurried,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT,
  };
}

/** Makes a client; the caller connects and closes it. `onError` is required: without a listener ioredis floods stderr. */
export function createRedis(
  urls: readonly string[],
  profile: RedisProfile,
  onError: (error: Error) => void,
): RedisClient {
  const options = optionsOf(profile);
  const client =
    urls.length === 1
      ? new Redis(urls[0] ?? '', options)
      : new Cluster([...urls], {
          lazyConnect: true,
          enableOfflineQueue: options.enableOfflineQueue ?? true,
          clusterRetryStrategy: retryDelayMs,
          retryDelayOnFailover: 100,
          slotsRefreshTimeout: CONNECT_TIMEOUT,
          shardedSubscribers: profile === 'subscriber',
          redisOptions: { ...options, ...credentialsOf(urls[0] ?? '') },
        });
  client.on('error', onError);
  return client;
}

function credentialsOf(url: string): RedisOptions {
  const { username, password, protocol } = new URL(url);
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
