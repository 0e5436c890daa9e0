import { RedisScript } from '../redis/redis-script.js';
import type { Spent } from './event-buckets.js';

/** `lua/leave-spent.lua`; ms until what was left expires. */
export const leaveSpent = new RedisScript<number>(new URL('lua/leave-spent.lua', import.meta.url), Number);

/** `lua/collect-spent.lua` */
export const collectSpent = new RedisScript<Spent>(new URL('lua/collect-spent.lua', import.meta.url), (raw) => {
  if (!Array.isArray(raw) || raw.length % 2 !== 0) throw new Error('collect-spent.lua answered out of contract');
  const pairs = Array.from({ length: raw.length / 2 }, (_, i) => [String(raw[2 * i]), Number(raw[2 * i + 1])] as const);
  return new Map(pairs);
});
