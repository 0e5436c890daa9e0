/** Waits between two sends of one message, in ms; the last one repeats. */
const SEND_STEPS_MS = [500, 1_000, 2_000, 4_000, 5_000] as const;
const SEND_JITTER = 0.2;

/** Upper ends of the reconnect window, in ms; the last one repeats. The lower end is always the first 500 ms. */
const RECONNECT_CAPS_MS = [2_500, 4_000, 5_000] as const;
const RECONNECT_FLOOR_MS = 500;

/** A message is tried for this long (ms) before it is shown as not sent. */
export const SEND_PATIENCE_MS = 120_000;

/** A random number in [0, 1); injectable so that tests are exact. */
export type Random = () => number;

const step = (steps: readonly number[], attempt: number): number => steps[Math.min(attempt, steps.length - 1)] ?? 0;

/** ms to wait before repeating a send that failed `failures` times (1 = once): 0.5, 1, 2, 4, 5 s, plus up to 20 %. */
export const resendDelay = (failures: number, random: Random = Math.random): number =>
  Math.round(step(SEND_STEPS_MS, Math.max(0, failures - 1)) * (1 + SEND_JITTER * random()));

/** ms to wait before connection attempt `attempt` (0 = the first after a loss): spread over 0.5 s to 2.5, 4, 5 s. */
export const reconnectDelay = (attempt: number, random: Random = Math.random): number =>
  Math.round(RECONNECT_FLOOR_MS + (step(RECONNECT_CAPS_MS, attempt) - RECONNECT_FLOOR_MS) * random());
