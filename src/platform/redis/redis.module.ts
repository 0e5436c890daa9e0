import { Global, Inject, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { RedisConfig } from '../../config/config.types.js';
import { Log } from '../logging/log.js';
import { createRedis } from './redis-connection.js';
import type { RedisClient } from './redis-connection.js';
import { RedisEpoch } from './redis-epoch.js';
import { REDIS, REDIS_SUBSCRIBER } from './redis.tokens.js';

const connection = (profile: 'request' | 'subscriber') => ({
  inject: [RedisConfig, Log],
  useFactory: (config: RedisConfig, log: Log): RedisClient => {
    const client = createRedis(config.urls, profile, (error) =>
      log.debug({ event: 'redis.connection_error', profile, err: error }),
    );
    // Not awaited: a process starts, and chats go on, while Redis is away.
    client.connect().catch(() => undefined);
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
