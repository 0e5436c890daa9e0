import { RedisScript } from '../platform/redis/redis-script.js';

/** The outcome of `hold-connection.lua`; `process` and `connection` are the replaced owner's, or the newer owner's. */
export interface Hold {
  live: boolean;
  generation: number;
  process: string;
  connection: string;
}

export const holdConnection = new RedisScript<Hold>(new URL('./lua/hold-connection.lua', import.meta.url), (raw) => {
  const [live, generation, process, connection] = raw as [number, string, string, string];
  return { live: live === 1, generation: Number(generation), process, connection };
});

/** True when nobody else is live: the user is gone. */
export const releaseConnection = new RedisScript<boolean>(
  new URL('./lua/release-connection.lua', import.meta.url),
  (raw) => raw !== 0,
);
