import type { RedisClient } from './redis-connection.js';

/** One kind of thing in Redis that must go, as the module says it that puts it there. */
export interface RedisResident {
  name: string;
  /** What must be over before it may go. */
  limit: string;
  /** It is gone this long (s) after its limit; later is a fault. */
  withinSeconds: number;
  /**
   * When the oldest one's time is over (ms since the epoch), null when there is none. A few cheap commands: it is asked at each look.
   * @throws when Redis is away
   */
  oldestDueMs: (redis: RedisClient) => Promise<number | null>;
}
