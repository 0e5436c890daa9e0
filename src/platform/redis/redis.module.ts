import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Inject, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { RedisConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { createRedis } from './redis-connection.js';
import type { RedisClient } from './redis-connection.js';
import { RedisEpoch } from './redis-epoch.js';
import { REDIS, REDIS_SUBSCRIBER } from './redis.tokens.js';

/** How long a start waits for Redis (ms). */
const START_PATIENCE = 1_000;

const connection = (profile: 'request' | 'subscriber') => ({
  inject: [RedisConfig, Log],
  useFactory: async (config: RedisConfig, log: Log): Promise<RedisClient> => {
    const client = createRedis(config.urls, profile, (error) =>
      log.debug({ event: 'redis.connection_error', profile, err: error }),
    );
    // Awaited for a moment only: a process starts, and chats go on, while Redis is away.
    await Promise.race([client.connect().catch(() => undefined), sleep(START_PATIENCE, undefined, { ref: false })]);
    return client;
  },
});

@Global()
@Module({
  providers: [
    { provide: REDIS, ...connection('request') },
    { provide: REDIS_SUBSCRIBER, ...connection('subscriber') },
    RedisEpoch,
  ],
  exports: [REDIS, REDIS_SUBSCRIBER, RedisEpoch],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    @Inject(REDIS_SUBSCRIBER) private readonly subscriber: RedisClient,
  ) {}

  onApplicationShutdown(): void {
    this.redis.disconnect();
    this.subscriber.disconnect();
  }
}
