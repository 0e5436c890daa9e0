import { createHash } from 'node:crypto';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import {
  blockScript,
  cancelScript,
  claimScript,
  enqueueScript,
  leaveHomeScript,
  leaveScript,
  pollScript,
  releaseScript,
  restScript,
  settleScript,
  sweepScript,
  touchScript,
  unblockScript,
} from '../../src/matching/search.scripts.js';

const scripts = {
  blockScript,
  cancelScript,
  claimScript,
  enqueueScript,
  leaveHomeScript,
  leaveScript,
  pollScript,
  releaseScript,
  restScript,
  settleScript,
  sweepScript,
  touchScript,
  unblockScript,
};

/** A script with one of its checks or steps taken away. */
export interface Mutant {
  readonly script: keyof typeof scripts;
  /** What it lacks, in words. */
  readonly without: string;
  readonly from: string;
  readonly to: string;
}

const lacks = (script: keyof typeof scripts, without: string, from: string, to = ''): Mutant => ({
  script,
  without,
  from,
  to,
});

export const MUTANTS: readonly Mutant[] = [
  lacks('enqueueScript', 'the look for an ended search', "if state and state ~= 'W' and state ~= 'C'", 'if false'),
  lacks('enqueueScript', 'the look for another search of the user', 'if current and current ~= search', 'if false'),
  lacks('enqueueScript', 'blocks', "redis.call('SADD', KEYS[8], ARGV[i])"),
  lacks('enqueueScript', 'recent partners', "redis.call('ZADD', KEYS[7], ARGV[i + 1], ARGV[i])"),
  lacks('enqueueScript', 'the TTL of recent partners', "redis.call('PEXPIREAT', KEYS[7], lastUntil, 'NX')"),
  lacks(
    'enqueueScript',
    'a TTL apart from the blocks',
    "redis.call('PEXPIREAT', KEYS[7], lastUntil, 'NX')",
    "redis.call('PEXPIREAT', KEYS[8], lastUntil)",
  ),
  lacks('enqueueScript', 'the rise of the version', "op, version = '~', version + 1", "op, version = '~', version"),
  lacks(
    'enqueueScript',
    'the look whether an edited search waits',
    "elseif state == 'W' and ticket[3] ~= attrs",
    'elseif ticket[3] ~= attrs',
  ),
  lacks('enqueueScript', 'edits', "elseif state == 'W' and ticket[3] ~= attrs", 'elseif false'),
  lacks('enqueueScript', 'the wishes of a claimed search', 'if ticket[3] ~= attrs then', 'if false then'),
  lacks('enqueueScript', 'the look whether they are others', 'if ticket[3] ~= attrs then', 'if true then'),
  lacks('enqueueScript', 'the rise of their version', "'version', version + 1, 'attrs'", "'version', version, 'attrs'"),
  lacks('enqueueScript', 'the lists that come with them', "'attrs', attrs, 'lists', lists) end", "'attrs', attrs) end"),
  lacks('enqueueScript', 'the return from the dead', "op = '='", 'op = nil'),
  lacks('enqueueScript', 'its delta', "redis.call('XADD'", "select('#'"),
  lacks('enqueueScript', 'the user key', "redis.call('SET', KEYS[2], search)"),
  lacks('enqueueScript', 'the waiting index', "redis.call('ZADD', KEYS[3], since, search)"),
  lacks('enqueueScript', 'the mark of a second start', "redis.call('HSET', KEYS[1], 'again', 1)"),
  lacks('enqueueScript', 'the end of a wish to quit', "redis.call('HDEL', KEYS[1], 'quit')"),
  lacks('enqueueScript', 'the longer lease', "'GT', now + ARGV[5]", 'now + ARGV[5]'),
  lacks('enqueueScript', 'the wake-up', 'and 1 or 0\nreturn', 'and 0 or 0\nreturn'),
  lacks('enqueueScript', 'the look for a runner', "'PX', ARGV[6], 'NX')", "'PX', ARGV[6])"),
  lacks(
    'enqueueScript',
    'the first since',
    "since = ARGV[4] == '0' and tostring(now) or ARGV[4]",
    'since = tostring(now)',
  ),
  lacks('cancelScript', 'the match that won', "if state == 'M' then return 'matched' end"),
  lacks('cancelScript', 'the earlier end', "if state == 'X' then return 'absent' end"),
  lacks('cancelScript', 'the look at the lease', 'if lease and tonumber(lease) >', 'if false and tonumber(lease) >'),
  lacks('cancelScript', 'the claim under way', "if state == 'C' then", 'if false then'),
  lacks('cancelScript', 'the wish to quit', "redis.call('HSET', KEYS[1], 'quit', ARGV[2])"),
  lacks('cancelScript', 'the silence of a sweep', "if ARGV[3] ~= '1' then redis", 'if true then redis'),
  lacks('cancelScript', 'its delta', "redis.call('XADD'", "select('#'"),
  lacks(
    'cancelScript',
    'the end of the user key',
    "if redis.call('GET', KEYS[2]) == search then redis.call('DEL', KEYS[2]) end",
  ),
  lacks('cancelScript', 'the reason of who left', 'why = left[1] or why'),
  lacks('cancelScript', 'the moment of leaving', 'at = left[2] or lease', 'at = lease'),
  lacks('cancelScript', 'the last sign of life', 'lease - ARGV[6]', 'lease'),
  lacks('cancelScript', 'the end of the lists', "redis.call('DEL', KEYS[6], KEYS[7])"),
  lacks('cancelScript', 'the waiting index', "redis.call('ZREM', KEYS[3], search)"),
  lacks('cancelScript', 'the end of the lease', "redis.call('ZREM', KEYS[4], search)"),
  lacks(
    'cancelScript',
    'the memory of the end',
    "redis.call('HSET', KEYS[1], 'state', 'X', 'why', ARGV[3] == '1' and 'lost' or 'ended')",
  ),
  lacks('cancelScript', 'whether it was given up for dead', "ARGV[3] == '1' and 'lost' or 'ended'", "'lost'"),
  lacks('cancelScript', 'the end of that memory', "redis.call('PEXPIRE', KEYS[1], ARGV[4])"),
  lacks('claimScript', 'the state of a', "a[1] ~= 'W' or"),
  lacks('claimScript', 'the state of b', "or b[1] ~= 'W'"),
  lacks('claimScript', 'the version of a', 'a[2] ~= ARGV[v + 2] or'),
  lacks('claimScript', 'the version of b', 'or b[2] ~= ARGV[v + 5]'),
  lacks('claimScript', 'the lease of a', "if isDead(ARGV[v + 1]) then return 'dead_a' end"),
  lacks('claimScript', 'the lease of b', "if isDead(ARGV[v + 4]) then return 'dead_b' end"),
  lacks('claimScript', 'the time of a lease', 'return not lease or tonumber(lease) <= now', 'return not lease'),
  lacks('claimScript', 'the need for a lease', 'return not lease or', 'return lease and'),
  lacks('claimScript', 'the same person', 'userA == userB or'),
  lacks('claimScript', 'whom a met', 'isRecent(KEYS[k + 2], userB) or'),
  lacks('claimScript', 'whom b met', 'or isRecent(KEYS[k + 3], userA)'),
  lacks(
    'claimScript',
    'both looks at whom they met',
    'or isRecent(KEYS[k + 2], userB) or isRecent(KEYS[k + 3], userA) then',
    'then',
  ),
  lacks('claimScript', 'the time since', 'return until_ and tonumber(until_) > now', 'return until_'),
  lacks('claimScript', 'the block by a', "redis.call('SISMEMBER', KEYS[k + 4], userB) == 1 or"),
  lacks('claimScript', 'the block by b', "or redis.call('SISMEMBER', KEYS[k + 5], userA) == 1"),
  lacks(
    'claimScript',
    'both looks at blocks',
    "if redis.call('SISMEMBER', KEYS[k + 4], userB) == 1 or",
    'if false and',
  ),
  lacks('claimScript', 'the claim of a', "redis.call('HSET', KEYS[k], 'state', 'C', 'claim', ARGV[v])"),
  lacks('claimScript', 'the claim of b', "redis.call('HSET', KEYS[k + 1], 'state', 'C', 'claim', ARGV[v])"),
  lacks('claimScript', 'its lease', "redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[v])"),
  lacks('claimScript', 'the delta of a', "'s', ARGV[v + 1], 'r', 'claimed')", "'s', '', 'r', 'claimed')"),
  lacks('claimScript', 'the delta of b', "'s', ARGV[v + 4], 'r', 'claimed')", "'s', '', 'r', 'claimed')"),
  lacks('settleScript', 'the look at the claim', 'and ticket[2] == claim)', ')'),
  lacks('settleScript', 'searches that went back', "if state ~= 'W' and not", 'if not'),
  lacks('settleScript', 'the state', "if state ~= 'W' and not (state == 'C' and ticket[2] == claim) then return 0 end"),
  lacks('settleScript', 'the end with another claim', "redis.call('HSET', KEYS[k], 'quit', 'lost')"),
  lacks('settleScript', 'the look whether it was started again', " or ticket[3] == '1')", ')'),
  lacks(
    'settleScript',
    'the look whether it went back',
    "(ticket[2] ~= claim or ticket[3] == '1')",
    "ticket[3] == '1'",
  ),
  lacks('settleScript', 'the need to ask for that', "if ARGV[3] == '1' and", 'if'),
  lacks('settleScript', 'the end of the claim', "if ARGV[v + 2] == '1' then redis.call('ZREM', KEYS[3], claim) end"),
  lacks('settleScript', 'its delta', "redis.call('XADD'", "select('#'"),
  lacks(
    'settleScript',
    'the end of the user key',
    "if redis.call('GET', KEYS[k + 1]) == search then redis.call('DEL', KEYS[k + 1]) end",
  ),
  lacks(
    'settleScript',
    'the end of the lists',
    "redis.call('DEL', KEYS[k], KEYS[k + 2], KEYS[k + 3])",
    "redis.call('DEL', KEYS[k])",
  ),
  lacks('settleScript', 'the waiting index', "redis.call('ZREM', KEYS[1], search)"),
  lacks('settleScript', 'the end of the lease', "redis.call('ZREM', KEYS[2], search)"),
  lacks('settleScript', 'the memory of the match', "redis.call('HSET', KEYS[k], 'state', 'M')"),
  lacks('settleScript', 'the end of that memory', "redis.call('PEXPIRE', KEYS[k], ARGV[1])"),
  // Without its owner a search has ended, and there is nothing to give back.
  lacks('releaseScript', 'the look at the claim', 'if t[1] ~= claim then', 'if not t[3] then'),
  lacks('releaseScript', 'the wish to quit', 'if t[2] then', 'if false then'),
  lacks('releaseScript', 'the end of the claim', "if ARGV[v + 2] == '1' then redis.call('ZREM', KEYS[3], claim) end"),
  lacks('releaseScript', 'the return', "redis.call('HSET', KEYS[k], 'state', 'W')"),
  lacks('releaseScript', 'the parting from the claim', "'claim', 'again')", "'again')"),
  lacks('releaseScript', 'the end of the mark', "'claim', 'again')", "'claim')"),
  lacks('releaseScript', 'the word of the end', "'op', '-', 's', search, 'r', t[2]", "'op', 'mark'"),
  lacks('releaseScript', 'its delta', "'op', '=', 's', search, 'u'", "'op', 'mark', 's', search, 'u'"),
  lacks(
    'releaseScript',
    'the end of the user key',
    "if redis.call('GET', KEYS[k + 1]) == search then redis.call('DEL', KEYS[k + 1]) end",
  ),
  lacks('releaseScript', 'the waiting index', "redis.call('ZREM', KEYS[1], search)"),
  lacks('releaseScript', 'the end of the lease', "redis.call('ZREM', KEYS[2], search)"),
  lacks('releaseScript', 'the memory of the end', "redis.call('HSET', KEYS[k], 'state', 'X', 'why', 'ended')"),
  lacks('releaseScript', 'the end of that memory', "redis.call('PEXPIRE', KEYS[k], ARGV[1])"),
  lacks('touchScript', 'the state', "if state == 'W' or state == 'C' then", 'if true then'),
  lacks('touchScript', 'the lease', "redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i])"),
  lacks('touchScript', 'the return of who left', "redis.call('HDEL', KEYS[i], 'left', 'leftAt')"),
  lacks('touchScript', 'the return from the dead', "if state == 'W' then tellReturn(KEYS[i], ARGV[i]) end"),
  lacks('touchScript', 'the look whether it was dead', 'if lease and tonumber(lease) > now then return end'),
  lacks('touchScript', 'the look whether it waits', "if state == 'W' then tellReturn", 'if true then tellReturn'),
  lacks('touchScript', 'those given up for dead', "ticket[2] == 'lost' and 'lost' or 'ended'", "'ended'"),
  lacks(
    'sweepScript',
    'the time of claims',
    "'ZRANGEBYSCORE', KEYS[1], '-inf', now",
    "'ZRANGEBYSCORE', KEYS[1], '-inf', '+inf'",
  ),
  lacks(
    'sweepScript',
    'the time of leases',
    "'ZRANGEBYSCORE', KEYS[2], '-inf', now",
    "'ZRANGEBYSCORE', KEYS[2], '-inf', '+inf'",
  ),
  lacks('sweepScript', 'the look whether anybody waits', "redis.call('ZCARD', KEYS[3]) > 0 and"),
  lacks('sweepScript', 'the look for a runner', "'PX', ARGV[2], 'NX')", "'PX', ARGV[2])"),
  lacks('sweepScript', 'the wake-up', 'then wake = 1 end', 'then wake = 0 end'),
  lacks('pollScript', 'the look for another runner', "if owner and owner ~= ARGV[1] and owner ~= 'wanted'", 'if false'),
  lacks('pollScript', 'the wish for a run', "and owner ~= 'wanted'"),
  lacks('pollScript', 'the hold', "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"),
  lacks(
    'pollScript',
    'the look for a trimmed stream',
    'if not entries[1] or entries[1][1] ~= ARGV[3]',
    'if not entries[1]',
  ),
  lacks('restScript', 'the look for another runner', "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end"),
  lacks(
    'restScript',
    'the look whether anybody waits',
    "if ARGV[2] ~= '1' and redis.call('ZCARD', KEYS[2]) > 0 then return 'busy' end",
  ),
  lacks('restScript', 'the release', "redis.call('DEL', KEYS[1])"),
  lacks('blockScript', 'the state', "if t[1] ~= 'W' and t[1] ~= 'C' then return 0 end"),
  lacks('blockScript', 'the block', "redis.call('SADD', KEYS[2], ARGV[2])"),
  lacks('blockScript', 'its delta', "redis.call('XADD'", "select('#'"),
  lacks('unblockScript', 'the end of the block', "redis.call('SREM', KEYS[2], ARGV[2])", '0'),
  lacks('unblockScript', 'the look whether it waits', "if t[1] == 'W' then", 'if true then'),
  lacks('unblockScript', 'its delta', "redis.call('XADD'", "select('#'"),
  lacks('leaveScript', 'the state', "if state ~= 'W' and state ~= 'C' then return 0 end"),
  lacks('leaveScript', 'the reason', "'left', ARGV[3], "),
  lacks('leaveScript', 'the lease', "redis.call('ZADD', KEYS[2], now + ARGV[2], search)"),
  lacks('leaveScript', 'the return from the dead', "redis.call('XADD'", "select('#'"),
  lacks(
    'leaveScript',
    'the look whether it was dead',
    "tonumber(redis.call('ZSCORE', KEYS[2], search) or 0) <= now",
    'true',
  ),
  lacks('leaveScript', 'the look whether it has a lease', 'search) or 0', 'search) or now + 1'),
  lacks('leaveScript', 'the look whether it waits', "if state == 'W' and tonumber", 'if tonumber'),
  lacks('leaveHomeScript', 'the look at the home', "if redis.call('GET', KEYS[1]) == ARGV[1] then", 'if true then'),
];

/** Runs `work` while the script lacks what the mutant takes away. The mutant is a valid script: it is not caught for its grammar. */
export async function withMutant<T>(redis: RedisClient, mutant: Mutant, work: () => Promise<T>): Promise<T> {
  const target = scripts[mutant.script] as unknown as { source: string; sha: string };
  const { source, sha } = target;
  const mutated = source.replace(mutant.from, mutant.to);
  if (mutated === source) throw new Error(`${mutant.script} does not contain: ${mutant.from}`);
  await redis.script('LOAD', mutated);
  Object.assign(target, { source: mutated, sha: createHash('sha1').update(mutated).digest('hex') });
  try {
    return await work();
  } finally {
    Object.assign(target, { source, sha });
  }
}

/** What the model test cannot see, by `script without`, and why: it is not asked. The contract test sees all of it. */
export const MODEL_BLIND_SPOTS: Readonly<Record<string, string>> = {
  'claimScript the need for a lease': 'every search in a history has a lease, dead or alive',
  'claimScript the time since': 'nobody may be met again within a history, and a needless refusal breaks no promise',
  'claimScript the block by a': 'both lists have a block, and the other look says so; without both it is seen',
  'claimScript the block by b': 'both lists have a block, and the other look says so; without both it is seen',
};
