/** How long a search lives without a sign of its api process (ms): five heartbeats. */
export const SEARCH_LEASE_MS = 15_000;

/** How long a home outlives the last sign of its search (ms). Longer than the lease, so that no search is without one. */
export const HOME_TTL_MS = 60_000;

/** How long an ended search is remembered (ms), so that a late command cannot wake it. */
export const TOMBSTONE_MS = 60_000;

/** How long a worker may take from the claim to the settlement (ms); then the sweep asks Postgres. */
export const CLAIM_LEASE_MS = 5_000;

/** A worker does not begin to open a claim that is older than this (ms): the sweep may be about to take it. */
export const CLAIM_OPEN_WITHIN_MS = 3_500;

/** How long an opening may take (ms): then the sweep may have concluded its claims already, and people may have gone on. */
export const OPENING_MS = CLAIM_LEASE_MS - CLAIM_OPEN_WITHIN_MS;

/** How long a shard counts as run after its runner's last tick (ms). */
export const RUNNER_LEASE_MS = 2_000;

/** ms between two looks at a shard in which somebody waits */
export const TICK_MS = 50;

/** ms between two sweeps of all shards */
export const SWEEP_MS = 2_000;

/** Pairs in one claim: Redis is held for about 1 ms. */
export const CLAIM_BATCH = 32;

/** Entries that a delta stream keeps, about. */
export const DELTAS_KEPT = 100_000;

/**
 * How long an entry of the stream is kept after another has come (ms): it may say whose search it was and what they like. The last one
 * says so only while its search lives. A mirror that is further behind is built anew.
 */
export const DELTAS_KEPT_MS = 60_000;

/** Entries of the stream that a tick reads at most. */
export const DELTAS_PER_POLL = 5_000;

/** Dead searches and expired claims that are looked after at once, so that Redis and Postgres are not held up. */
export const SWEEP_BATCH = 500;

/** How long one sweep of a shard goes on with the dead (ms): it ends before the next one begins. */
export const SWEEP_WITHIN_MS = 1_500;

/** How long the trace of a search is known (ms): longer than most wait. */
export const TRACE_TTL_MS = 600_000;
