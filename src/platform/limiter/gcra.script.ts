import { RedisScript } from '../redis/redis-script.js';
import type { Verdict } from './limit.types.js';

/** `lua/gcra.lua`; one verdict per key. */
export const gcraScript = new RedisScript<Verdict[]>(new URL('lua/gcra.lua', import.meta.url), (raw) => {
  if (!Array.isArray(raw) || raw.length % 3 !== 0) throw new Error('gcra.lua answered out of contract');
  const numbers = raw.map(Number);
  return Array.from({ length: raw.length / 3 }, (_, i) => ({
    allowed: numbers[3 * i] === 1,
    remaining: numbers[3 * i + 1] ?? 0,
    retryAfterMs: numbers[3 * i + 2] ?? 0,
  }));
});
