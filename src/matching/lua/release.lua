--[[ Gives searches of a refused claim back to the pool, `since` kept, with the attributes and the version that they have by now; one that
  was cancelled meanwhile ends.
  KEYS[1] waiting: zset   KEYS[2] leases: zset   KEYS[3] claims: zset   KEYS[4] deltas: stream
  then four for each search: ticket: hash   user: string   avoid: zset   block: set
  ARGV[1] how long an end is remembered (ms)   ARGV[2] entries that the stream keeps   then three for each search:
  searchId   claimId   1 when this concludes the claim (the last of its searches), else 0
  Returns for each search `released`, `ended` or `not_claimed` (it is not this claim's any more). ]]
local function release(k, v)
  local search, claim = ARGV[v], ARGV[v + 1]
  if ARGV[v + 2] == '1' then redis.call('ZREM', KEYS[3], claim) end
  local t = redis.call('HMGET', KEYS[k], 'claim', 'quit', 'user', 'version', 'since', 'attrs', 'lists')
  if t[1] ~= claim then return 'not_claimed' end
  if t[2] then
    if redis.call('GET', KEYS[k + 1]) == search then redis.call('DEL', KEYS[k + 1]) end
    redis.call('DEL', KEYS[k], KEYS[k + 2], KEYS[k + 3])
    redis.call('ZREM', KEYS[1], search)
    redis.call('ZREM', KEYS[2], search)
    redis.call('HSET', KEYS[k], 'state', 'X', 'why', 'ended')
    redis.call('PEXPIRE', KEYS[k], ARGV[1])
    -- The mirrors know of it that it was claimed: now they hear how it ended.
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[2], '*', 'op', '-', 's', search, 'r', t[2])
    return 'ended'
  end
  redis.call('HSET', KEYS[k], 'state', 'W')
  redis.call('HDEL', KEYS[k], 'claim', 'again')
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[2], '*', 'op', '=', 's', search, 'u', t[3], 'v', t[4], 't', t[5], 'a', t[6], 'l', t[7])
  return 'released'
end

local replies = {}
for i = 0, (#KEYS - 4) / 4 - 1 do replies[i + 1] = release(5 + 4 * i, 3 + 3 * i) end
return replies
