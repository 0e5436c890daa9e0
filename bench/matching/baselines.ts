// How clones match: first come, first served by ZPOPMIN; and a loop that looks at everybody once an interval (Nakama's matchmaker).
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { mayMeet, seeksGender } from '../../src/matching/hard-rules.js';
import { UNKNOWN_GENDER } from '../../src/matching/ticket.types.js';
import type { Person } from '../simulate/population.js';
import { aTicket } from './baseline-ticket.js';
import { Crowd } from './crowd.js';
import { redisCpuMs } from './measure.js';

/**
 * One pool for each language, gender and sought gender ("anyone" is one of those); the newcomer takes whoever waits longest in the pools that
 * fit, or waits. KEYS[1] its own pool, then those that fit; ARGV its time and name.
 */
const FIFO = `
local oldest, pool
for i = 2, #KEYS do
  local head = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  if head[1] and (not oldest or tonumber(head[2]) < tonumber(oldest[2])) then oldest, pool = head, KEYS[i] end
end
if oldest then
  redis.call('ZPOPMIN', pool)
  return oldest
end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
return {}`;

const ANYONE = 0;
const GENDERS = [0, 1, 2, UNKNOWN_GENDER];

/** The pool of a person, and the pools whose people it may meet. */
function poolsOf({ languages, gender, seeksGenders }: Person): string[] {
  const pool = (whose: number, sought: number) => `stoa:{bench}:fifo:${languages[0]}:${whose}:${sought}`;
  const wishes = gender === UNKNOWN_GENDER ? [ANYONE] : [ANYONE, 1 << gender];
  const fitting = GENDERS.filter((other) => seeksGender(seeksGenders, other));
  return [pool(gender, seeksGenders), ...fitting.flatMap((other) => wishes.map((wish) => pool(other, wish)))];
}

interface Load {
  readonly perS: number;
  readonly seconds: number;
}

async function stream({ perS, seconds }: Load, come: () => Promise<void>): Promise<void> {
  const began = performance.now();
  let came = 0;
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - began) / 1_000) {
    for (; came < elapsed * perS; came += 1) void come();
    await sleep(4);
  }
}

export async function measureFifo(redis: RedisClient, load: Load) {
  const crowd = new Crowd(undefined as never);
  const waitsMs: number[] = [];
  const cpu = await redisCpuMs(redis);
  let pairs = 0;
  await stream(load, async () => {
    const pools = poolsOf(crowd.next());
    const came = Date.now();
    const found = await redis.eval(FIFO, pools.length, ...pools, came, randomUUID());
    if ((found as string[]).length === 0) return;
    pairs += 1;
    waitsMs.push(Date.now() - came);
  });
  const redisUs = (((await redisCpuMs(redis)) - cpu) * 1_000) / Math.max(1, pairs);
  await redis.flushall();
  return { pairs, waitsMs, redisUs };
}

/** Everybody who waits is read, paired greedily and removed, once an interval. */
export async function measureInterval(redis: RedisClient, load: Load, intervalMs: number) {
  const crowd = new Crowd(undefined as never);
  const key = 'stoa:{bench}:interval';
  const waitsMs: number[] = [];
  const cpu = await redisCpuMs(redis);
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleep(intervalMs);
      const waiting = Object.entries(await redis.hgetall(key)).map(([id, text]) => aTicket(id, text));
      const taken = new Set<string>();
      for (const a of waiting) {
        if (taken.has(a.searchId)) continue;
        const b = waiting.find((other) => !taken.has(other.searchId) && mayMeet(a, other, () => false));
        if (!b) continue;
        taken.add(a.searchId).add(b.searchId);
        waitsMs.push(Date.now() - Math.max(a.sinceMs, b.sinceMs));
      }
      if (taken.size > 0) await redis.hdel(key, ...taken);
    }
  };
  const looping = loop();
  await stream(load, async () => {
    const id = randomUUID();
    await redis.hset(key, id, JSON.stringify({ ...crowd.next(), sinceMs: Date.now() }));
  });
  stop.abort();
  await looping;
  const redisUs = (((await redisCpuMs(redis)) - cpu) * 1_000) / Math.max(1, waitsMs.length);
  await redis.flushall();
  return { pairs: waitsMs.length, waitsMs, redisUs };
}
