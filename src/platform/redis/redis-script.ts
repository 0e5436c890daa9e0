import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RedisClient } from './redis-connection.js';

/**
 * One Lua file and its typed call. The file's header is the contract: keys, arguments with units, every reply.
 * All keys of a call share one hash tag, so that it runs on a cluster.
 */
export class RedisScript<Reply> {
  private readonly source: string;
  private readonly sha: string;

  /** `parse` checks the raw reply and gives it a type; it throws on a reply that the header does not name. */
  constructor(
    file: URL,
    private readonly parse: (raw: unknown) => Reply,
  ) {
    this.source = readFileSync(file, 'utf8');
    this.sha = createHash('sha1').update(this.source).digest('hex');
  }

  async run(redis: RedisClient, keys: string[], args: (string | number)[]): Promise<Reply> {
    try {
      return this.parse(await redis.evalsha(this.sha, keys.length, ...keys, ...args));
    } catch (error) {
      // The server lost its script cache (restart, SCRIPT FLUSH): EVAL loads it again.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.parse(await redis.eval(this.source, keys.length, ...keys, ...args));
    }
  }
}
