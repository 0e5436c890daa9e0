import { Inject, Injectable } from '@nestjs/common';
import { JobProducer } from '../platform/queue/job-producer.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { searchesOf } from './claim.types.js';
import type { ClaimedSearch } from './claim.types.js';
import { DeadSearches } from './dead-searches.js';
import { ClaimResolver } from './claim-resolver.js';
import { matchingJobs } from './matching.jobs.js';
import { SearchQueue } from './search-queue.js';
import { DELTAS_KEPT_MS, RUNNER_LEASE_MS, SWEEP_BATCH, SWEEP_WITHIN_MS } from './search.limits.js';
import { sweepScript } from './search.scripts.js';
import { claimsKey, deltasKey, leasesKey, runnerKey, waitingKey } from './shard.keys.js';

/** Looks after what a crash left behind in a shard (claims, dead searches, a shard that nobody runs), and after what it remembers. */
@Injectable()
export class ShardSweeper {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly queue: SearchQueue,
    private readonly resolver: ClaimResolver,
    private readonly dead: DeadSearches,
    private readonly producer: JobProducer,
  ) {}

  async sweep(shard: string): Promise<void> {
    await this.forgetDeltas(shard);
    const until = performance.now() + SWEEP_WITHIN_MS;
    while ((await this.sweepBatch(shard)) && performance.now() < until);
  }

  /** @returns true when more of the dead are to be expected: as many as one batch holds, and not all of them out of reach */
  private async sweepBatch(shard: string): Promise<boolean> {
    const keys = [claimsKey(shard), leasesKey(shard), waitingKey(shard), runnerKey(shard)];
    const due = await sweepScript.run(this.redis, keys, [SWEEP_BATCH, RUNNER_LEASE_MS]);
    if (due.wake) await this.producer.add(matchingJobs, 'shard.run', { shard });
    if (due.claimIds.length > 0) await this.resolver.resolve(shard, await this.claimed(shard, due.claimIds), 'lease');
    const dropped = due.searchIds.length > 0 ? await this.dead.drop(shard, due.searchIds) : 0;
    return due.searchIds.length === SWEEP_BATCH && dropped > 0;
  }

  /** What the stream says of people outlives their searches by this much. Its ids are Redis' time. The last entry stays: mirrors that have seen it go on. */
  private async forgetDeltas(shard: string): Promise<void> {
    const key = deltasKey(shard);
    const [[seconds], [last]] = await Promise.all([this.redis.time(), this.redis.xrevrange(key, '+', '-', 'COUNT', 1)]);
    if (!last) return;
    const sinceMs = Number(seconds) * 1_000 - DELTAS_KEPT_MS;
    await this.redis.xtrim(key, 'MINID', Number.parseInt(last[0], 10) < sinceMs ? last[0] : String(sinceMs));
  }

  /** A search that Redis knows no more has no owner: concluding it only takes its claim away. */
  private claimed(shard: string, claimIds: readonly string[]): Promise<ClaimedSearch[]> {
    const searches = claimIds.flatMap((claimId) => searchesOf(claimId).map((searchId) => ({ claimId, searchId })));
    return Promise.all(
      searches.map(async (search) => ({
        ...search,
        userId: (await this.queue.ownerOf({ shard, searchId: search.searchId })) ?? '',
      })),
    );
  }
}
