import { Inject, Injectable } from '@nestjs/common';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { currentTraceParent } from '../platform/tracing/traced.js';
import type { TraceParent } from '../platform/tracing/traced.js';
import { TRACE_TTL_MS } from './search.limits.js';
import type { SearchPlace } from './search.types.js';
import { traceKey } from './shard.keys.js';

/**
 * Joins the trace of a click on "search" to the opening of its conversation. A shard that runs already serves many
 * searches at once, so the opening is nobody's child: it links to those that it ends. Does nothing while tracing is off.
 */
@Injectable()
export class SearchTraces {
  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  /** What began the searches, as far as it is known. */
  async of(shard: string, searchIds: readonly string[]): Promise<TraceParent[]> {
    if (!currentTraceParent()) return [];
    const keys = searchIds.map((searchId) => traceKey(shard, searchId));
    const traces = await this.redis.mget(keys).catch(() => []);
    return traces.flatMap((trace) => trace ?? []);
  }
}

/** The work that runs now began this search. A note that is lost costs a link. */
export function noteTrace(redis: RedisClient, { shard, searchId }: SearchPlace): void {
  const trace = currentTraceParent();
  if (trace) redis.set(traceKey(shard, searchId), trace, 'PX', TRACE_TTL_MS).catch(() => undefined);
}
