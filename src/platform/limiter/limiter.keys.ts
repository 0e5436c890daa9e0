/** One hash tag for all: a request's buckets are asked in one call, and a cluster wants them in one slot. */
const TAG = 'stoa:{limit}';

/** STRING: when the bucket would be empty (ms); TTL until then, at most the limit's period. `digest` is never the raw value. */
export const bucketKey = (limit: string, digest: string): string => `${TAG}:${limit}:${digest}`;

/** ZSET: api process -> when it was last heard of (ms); TTL `CENSUS_TTL`. */
export const PROCESSES_KEY = `${TAG}:processes`;

/** HASH: event limit -> when its bucket would be empty (ms); TTL until the last of them is, a few minutes at most. A slot of its own for each user. */
export const spentKey = (digest: string): string => `stoa:{spent:${digest}}:events`;
