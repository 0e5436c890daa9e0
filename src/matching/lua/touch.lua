--[[ Sets the leases of live searches anew. One whose lease had run out may have been taken for dead: the mirrors hear that it waits.
  Whoever had left is back.
  KEYS[1] leases: zset   KEYS[2] deltas: stream   then one for each search: ticket: hash
  ARGV[1] lease (ms)   ARGV[2] entries that the stream keeps   then one for each search: searchId
  Returns for each search `live`, `ended`, `lost` (it was given up for dead) or `unknown` (Redis was emptied). ]]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function tellReturn(key, search)
  local lease = redis.call('ZSCORE', KEYS[1], search)
  if lease and tonumber(lease) > now then return end
  local t = redis.call('HMGET', key, 'user', 'version', 'since', 'attrs', 'lists')
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'op', '=', 's', search, 'u', t[1], 'v', t[2], 't', t[3], 'a', t[4], 'l', t[5])
end

local replies = {}
for i = 3, #KEYS do
  local ticket = redis.call('HMGET', KEYS[i], 'state', 'why')
  local state = ticket[1]
  if state == 'W' or state == 'C' then
    if state == 'W' then tellReturn(KEYS[i], ARGV[i]) end
    redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i])
    redis.call('HDEL', KEYS[i], 'left', 'leftAt')
    replies[i - 2] = 'live'
  else
    replies[i - 2] = not state and 'unknown' or ticket[2] == 'lost' and 'lost' or 'ended'
  end
end
return replies
