import { lowestScore } from '../platform/redis/lowest-score.js';
import type { RedisResident } from '../platform/redis/redis-resident.port.js';
import { CLAIM_LEASE_MS, DELTAS_KEPT_MS, SEARCH_LEASE_MS } from './search.limits.js';
import { claimsKey, deltasKey, leasesKey } from './shard.keys.js';
import { allShards } from './shard.js';

/** A sweep comes every 2 s; after Redis was away, dead searches get a whole lease first. */
const WITHIN_SECONDS = 60;

/** What people's searches leave in Redis. */
export const searchResidents: readonly RedisResident[] = [
  {
    name: 'searches',
    limit: `their lease: ${SEARCH_LEASE_MS / 1_000} s after the last sign of their api process`,
    withinSeconds: WITHIN_SECONDS,
    oldestDueMs: (redis) => lowestScore(redis, allShards().map(leasesKey)),
  },
  {
    name: 'claims',
    limit: `their lease: ${CLAIM_LEASE_MS / 1_000} s after the pair was claimed`,
    withinSeconds: WITHIN_SECONDS,
    oldestDueMs: (redis) => lowestScore(redis, allShards().map(claimsKey)),
  },
  {
    name: 'deltas',
    limit: `${DELTAS_KEPT_MS / 1_000} s after they were written, the last one apart`,
    withinSeconds: WITHIN_SECONDS,
    oldestDueMs: async (redis) => {
      const firsts = await Promise.all(
        allShards().map((shard) => redis.xrange(deltasKey(shard), '-', '+', 'COUNT', 2)),
      );
      // The last entry of a stream stays.
      const times = firsts.flatMap(([oldest, next]) => (oldest && next ? [Number.parseInt(oldest[0], 10)] : []));
      return times.length === 0 ? null : Math.min(...times) + DELTAS_KEPT_MS;
    },
  },
];
