--[[ Takes pairs of waiting searches out of the pool: of each pair both or neither, whatever becomes of the others.
  KEYS[1] claims: zset   KEYS[2] leases: zset   KEYS[3] deltas: stream
  then six for each pair: ticket of a, ticket of b: hash   avoid of a, avoid of b: zset   block of a, block of b: set
  ARGV[1] lease of the claim (ms)   ARGV[2] entries that the stream keeps
  then seven for each pair: claimId   searchId, version and userId of a   searchId, version and userId of b
  Returns for each pair `claimed`, or why not: `gone` (not waiting any more), `stale` (another version waits),
  `dead_a`, `dead_b` (its lease has run out), `avoided` (blocked, recent, or one and the same person). ]]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function isDead(search)
  local lease = redis.call('ZSCORE', KEYS[2], search)
  return not lease or tonumber(lease) <= now
end

local function isRecent(avoid, other)
  local until_ = redis.call('ZSCORE', avoid, other)
  return until_ and tonumber(until_) > now
end

local function claim(k, v)
  local a = redis.call('HMGET', KEYS[k], 'state', 'version')
  local b = redis.call('HMGET', KEYS[k + 1], 'state', 'version')
  if a[1] ~= 'W' or b[1] ~= 'W' then return 'gone' end
  if a[2] ~= ARGV[v + 2] or b[2] ~= ARGV[v + 5] then return 'stale' end
  if isDead(ARGV[v + 1]) then return 'dead_a' end
  if isDead(ARGV[v + 4]) then return 'dead_b' end
  local userA, userB = ARGV[v + 3], ARGV[v + 6]
  if userA == userB or isRecent(KEYS[k + 2], userB) or isRecent(KEYS[k + 3], userA) then return 'avoided' end
  if redis.call('SISMEMBER', KEYS[k + 4], userB) == 1 or redis.call('SISMEMBER', KEYS[k + 5], userA) == 1 then return 'avoided' end
  redis.call('HSET', KEYS[k], 'state', 'C', 'claim', ARGV[v])
  redis.call('HSET', KEYS[k + 1], 'state', 'C', 'claim', ARGV[v])
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[v])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'op', '-', 's', ARGV[v + 1], 'r', 'claimed')
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'op', '-', 's', ARGV[v + 4], 'r', 'claimed')
  return 'claimed'
end

local replies = {}
for i = 0, (#KEYS - 3) / 6 - 1 do replies[i + 1] = claim(4 + 6 * i, 3 + 7 * i) end
return replies
