--[[ Makes a search wait, once. A search that is live already keeps its place; other attributes make a new version of it.
  One whose lease had run out may have been taken for dead: the mirrors hear that it waits. A claimed one is marked: its owner wants it again;
  its new attributes are not its claim's, and the mirrors hear of them when it comes back.
  KEYS[1] ticket: hash   KEYS[2] user: string   KEYS[3] waiting: zset   KEYS[4] leases: zset
  KEYS[5] deltas: stream   KEYS[6] runner: string   KEYS[7] avoid: zset   KEYS[8] block: set
  ARGV[1] searchId   ARGV[2] userId   ARGV[3] attributes, packed   ARGV[4] since (ms; 0: now)   ARGV[5] lease (ms)
  ARGV[6] how long a run counts as asked for (ms)   ARGV[7] entries that the stream keeps   ARGV[8] number of blocked users,
  then each; then pairs of recent partner and until (ms)
  Returns {status, searchId, since, wake}: status `new`, `live`, `ended` (this id was used before: take another) or
  `other` (this user waits here under the searchId given); wake 1 when the caller has to ask for a run of the shard. ]]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local search, user, attrs = ARGV[1], ARGV[2], ARGV[3]
local ticket = redis.call('HMGET', KEYS[1], 'state', 'since', 'attrs', 'version')
local state = ticket[1]
if state and state ~= 'W' and state ~= 'C' then return { 'ended', search, 0, 0 } end
local current = redis.call('GET', KEYS[2])
if current and current ~= search then return { 'other', current, 0, 0 } end

local blocked = tonumber(ARGV[8])
local lists = 0
if #ARGV > 8 then
  lists = 1
  local lastUntil = 0
  for i = 9, 8 + blocked do redis.call('SADD', KEYS[8], ARGV[i]) end
  for i = 9 + blocked, #ARGV, 2 do
    redis.call('ZADD', KEYS[7], ARGV[i + 1], ARGV[i])
    lastUntil = math.max(lastUntil, tonumber(ARGV[i + 1]))
  end
  if lastUntil > 0 then redis.call('PEXPIREAT', KEYS[7], lastUntil, 'GT') redis.call('PEXPIREAT', KEYS[7], lastUntil, 'NX') end
end

local status, since, version = 'live', ticket[2], tonumber(ticket[4] or '0')
local op
if not state then
  status, op, version = 'new', '+', 1
  since = ARGV[4] == '0' and tostring(now) or ARGV[4]
elseif state == 'W' and ticket[3] ~= attrs then
  op, version = '~', version + 1
elseif state == 'W' and tonumber(redis.call('ZSCORE', KEYS[4], search) or 0) <= now then
  op = '='
end
if op then
  redis.call('HSET', KEYS[1], 'state', 'W', 'user', user, 'version', version, 'since', since, 'attrs', attrs, 'lists', lists)
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[7], '*', 'op', op, 's', search, 'u', user, 'v', version, 't', since, 'a', attrs, 'l', lists)
end
if status == 'new' then
  redis.call('SET', KEYS[2], search)
  redis.call('ZADD', KEYS[3], since, search)
end
if state == 'C' then
  redis.call('HSET', KEYS[1], 'again', 1)
  if ticket[3] ~= attrs then redis.call('HSET', KEYS[1], 'version', version + 1, 'attrs', attrs, 'lists', lists) end
end
redis.call('HDEL', KEYS[1], 'quit')
redis.call('ZADD', KEYS[4], 'GT', now + ARGV[5], search)

local wake = redis.call('SET', KEYS[6], 'wanted', 'PX', ARGV[6], 'NX') and 1 or 0
return { status, search, tonumber(since), wake }
