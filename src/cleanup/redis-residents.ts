import { authJobs } from '../auth/auth.jobs.js';
import { searchResidents } from '../matching/search-residents.port.js';
import { matchingJobs } from '../matching/matching.jobs.js';
import { silentProcesses } from '../platform/limiter/silent-processes.js';
import { finishedJobs } from '../platform/queue/finished-jobs.js';
import type { RedisResident } from '../platform/redis/redis-resident.port.js';
import { privacyJobs } from '../privacy/privacy.jobs.js';
import { cleanupJobs } from './cleanup.jobs.js';

/** All that somebody must take out of Redis. What is not here has an expiry of its own, or goes with its search (`*.keys.ts`). */
export const redisResidents: readonly RedisResident[] = [
  ...searchResidents,
  silentProcesses,
  ...finishedJobs([authJobs, matchingJobs, privacyJobs, cleanupJobs]),
];
