import { Inject, Injectable } from '@nestjs/common';
import type { Connection } from '../platform/realtime/connection.types.js';
import { ProcessChannel } from '../platform/realtime/process-channel.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { LEASE_MS, connectionKey } from './presence.keys.js';
import { holdConnection, releaseConnection } from './presence.scripts.js';
import type { Hold } from './presence.scripts.js';

/** Who is live, and where, as Redis has it. Each call throws when Redis is away. */
@Injectable()
export class ConnectionHolds {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly channel: ProcessChannel,
  ) {}

  /** Makes it the user's newest. */
  claim(connection: Connection): Promise<Hold> {
    return this.hold(connection, 0);
  }

  /** Defends its generation. */
  renew(connection: Connection): Promise<Hold> {
    return this.hold(connection, connection.data.generation ?? 0);
  }

  /** @returns true when the user has no live connection any more */
  release(userId: string, connectionId: string): Promise<boolean> {
    return releaseConnection.run(this.redis, [connectionKey(userId)], [connectionId]);
  }

  /** The processes of those who are live. */
  async processesOf(userIds: string[]): Promise<Map<string, string>> {
    // One command each, sent together: a cluster has no pipeline over several nodes, ioredis groups the writes.
    const processes = await Promise.all(userIds.map((id) => this.redis.hget(connectionKey(id), 'process')));
    return new Map(userIds.flatMap((id, i) => (processes[i] ? [[id, processes[i]]] : [])));
  }

  private hold(connection: Connection, generation: number): Promise<Hold> {
    const { identity, connectionId } = connection.data;
    const args = [this.channel.processId, connectionId, generation, LEASE_MS];
    return holdConnection.run(this.redis, [connectionKey(identity.userId)], args);
  }
}
