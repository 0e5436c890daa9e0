/**
 * Whether `ms` have passed since `atMs`, by the shard's clock. That clock may go back (a step of NTP, another host of Redis): a moment that
 * lies ahead is from before, and counts as long ago, or whatever waits for it would stand still for as far as the clock went.
 */
export const hasPassed = (ms: number, atMs: number, nowMs: number): boolean => nowMs < atMs || nowMs - atMs >= ms;
