import { lowestScore } from '../redis/lowest-score.js';
import type { RedisResident } from '../redis/redis-resident.port.js';
import { PROCESSES_KEY } from './limiter.keys.js';
import { CENSUS_TTL } from './process-census.js';

/**
 * Processes that died. It stands for the presence of their people, too, which nobody can list cheaply: a key for each, written with
 * its expiry in one script (`hold-connection.lua`), so that Redis drops it 15 s after the last sign.
 */
export const silentProcesses: RedisResident = {
  name: 'processes',
  limit: `${CENSUS_TTL / 1_000} s after the last sign of a process`,
  withinSeconds: 60,
  oldestDueMs: async (redis) => {
    const lastSign = await lowestScore(redis, [PROCESSES_KEY]);
    return lastSign === null ? null : lastSign + CENSUS_TTL;
  },
};
