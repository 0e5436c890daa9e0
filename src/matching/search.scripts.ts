import { RedisScript } from '../platform/redis/redis-script.js';
import type { CancelReply } from './search.types.js';

const lua = (name: string): URL => new URL(`./lua/${name}.lua`, import.meta.url);

/** A reply that must be one of these words. */
const word =
  <const Words extends readonly string[]>(words: Words) =>
  (raw: unknown): Words[number] => {
    if (typeof raw === 'string' && words.includes(raw)) return raw;
    throw new TypeError(`a script answered ${JSON.stringify(raw)}`);
  };

/** A reply that must be a list of what `item` reads. */
const list =
  <Item>(item: (raw: unknown) => Item) =>
  (raw: unknown): Item[] => {
    if (Array.isArray(raw)) return raw.map(item);
    throw new TypeError('a script answered no list');
  };

const text = (raw: unknown): string => {
  if (typeof raw === 'string') return raw;
  throw new TypeError('a script answered no text');
};

const integer = (raw: unknown): number => {
  if (Number.isSafeInteger(raw)) return raw as number;
  throw new TypeError('a script answered no integer');
};

const enqueueStatus = word(['new', 'live', 'ended', 'other']);

export const enqueueScript = new RedisScript(lua('enqueue'), (raw) => {
  const [status, searchId, sinceMs, wake] = raw as unknown[];
  return {
    status: enqueueStatus(status),
    searchId: text(searchId),
    sinceMs: integer(sinceMs),
    wake: integer(wake) === 1,
  };
});

export const cancelScript = new RedisScript<CancelReply>(
  lua('cancel'),
  word(['cancelled', 'claimed', 'matched', 'absent', 'alive']),
);

const CLAIM_REPLIES = ['claimed', 'gone', 'stale', 'dead_a', 'dead_b', 'avoided'] as const;
export type ClaimReply = (typeof CLAIM_REPLIES)[number];
export const claimScript = new RedisScript<ClaimReply[]>(lua('claim'), list(word(CLAIM_REPLIES)));

export const settleScript = new RedisScript(lua('settle'), list(integer));

export const releaseScript = new RedisScript(lua('release'), list(word(['released', 'ended', 'not_claimed'])));

export const touchScript = new RedisScript(lua('touch'), list(word(['live', 'ended', 'lost', 'unknown'])));

export const sweepScript = new RedisScript(lua('sweep'), (raw) => {
  const [claims, searches, wake] = raw as unknown[];
  return { claimIds: list(text)(claims), searchIds: list(text)(searches), wake: integer(wake) === 1 };
});

const pollStatus = word(['lost', 'behind', 'ok']);

export const pollScript = new RedisScript(lua('poll'), (raw) => {
  const [status, nowMs, entries] = raw as unknown[];
  const read = list((entry) => {
    const [id, fields] = entry as unknown[];
    return { id: text(id), fields: list(text)(fields) };
  });
  return { status: pollStatus(status), nowMs: integer(nowMs), entries: read(entries) };
});

export const restScript = new RedisScript(lua('rest'), word(['rested', 'lost', 'busy']));

export const leaveScript = new RedisScript(lua('leave'), integer);

export const leaveHomeScript = new RedisScript(lua('leave-home'), integer);

export const blockScript = new RedisScript(lua('block'), integer);

export const unblockScript = new RedisScript(lua('unblock'), integer);
