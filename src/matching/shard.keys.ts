/** All keys of one shard share its hash tag, so that each script runs on one node of a cluster. */
const shardKey = (shard: string, what: string): string => `stoa:{mm:${shard}}:${what}`;

/** HASH state, user, version, since, attrs, lists, claim, again, quit, left, leftAt. No TTL while it lives; a search that ended leaves `state` for `TOMBSTONE_MS`. */
export const ticketKey = (shard: string, searchId: string): string => shardKey(shard, `ticket:${searchId}`);

/** STRING searchId: the user's one live search here. No TTL: it ends with its search. */
export const userKey = (shard: string, userId: string): string => shardKey(shard, `user:${userId}`);

/** ZSET searchId -> since (ms): everyone waiting or claimed. No TTL. */
export const waitingKey = (shard: string): string => shardKey(shard, 'waiting');

/** ZSET searchId -> when the search counts as dead unless its api process renews it (ms). No TTL. */
export const leasesKey = (shard: string): string => shardKey(shard, 'leases');

/** ZSET claimId -> when the sweep looks after the claim (ms). No TTL. */
export const claimsKey = (shard: string): string => shardKey(shard, 'claims');

/** STREAM of what changed among the waiting: feeds the mirrors. Trimmed to about `DELTAS_KEPT` entries, and by the sweep to `DELTAS_KEPT_MS`. No TTL. */
export const deltasKey = (shard: string): string => shardKey(shard, 'deltas');

/** ZSET other user -> until (ms): recent partners of a user who searches. TTL: the last of them. */
export const avoidKey = (shard: string, userId: string): string => shardKey(shard, `avoid:${userId}`);

/** SET other user: blocks of either side, of a user who searches. No TTL (blocks are for ever); it ends with the search. */
export const blockKey = (shard: string, userId: string): string => shardKey(shard, `block:${userId}`);

/** STRING who runs the shard, or `wanted` when a run was asked for. TTL: `RUNNER_LEASE_MS`. */
export const runnerKey = (shard: string): string => shardKey(shard, 'runner');

/** HASH `profileKeyOf` -> JSON `ProfileReport`: what the runner last said to those who wait. TTL: `REPORT_TTL_MS`. */
export const reportKey = (shard: string): string => shardKey(shard, 'profiles');

/** STRING JSON `LearningSnapshot`: what the shard has learnt, for a worker that takes over. TTL: `LEARNING_TTL_MS`. */
export const learningKey = (shard: string): string => shardKey(shard, 'learning');

/** STRING W3C traceparent of what began the search, only while tracing is on. TTL: `TRACE_TTL_MS`. */
export const traceKey = (shard: string, searchId: string): string => shardKey(shard, `trace:${searchId}`);

/** STRING `shard:searchId`: where a user searches. Set NX before the search is queued. TTL: `HOME_TTL_MS`, renewed with the lease. */
export const homeKey = (userId: string): string => `stoa:home:${userId}`;
