/** ms between two looks for conversations to end */
export const SWEEP_MS = 5_000;

/** How often to look for what is due (ms): a quarter of the retention, within 5 s and 1 min. */
export const retentionIntervalMs = (retentionMs: number): number => Math.min(60_000, Math.max(5_000, retentionMs / 4));
