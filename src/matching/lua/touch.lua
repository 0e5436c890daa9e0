--[[ Sets the leases of live searches anew.
  KEYS[1] leases: zset   then one for each search: ticket: hash
  ARGV[1] lease (ms)   then one for each search: searchId
  Returns for each search `live`, `ended`, `lost` (it was given up for dead) or `unknown` (Redis was emptied). ]]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local replies = {}
for i = 2, #KEYS do
  local ticket = redis.call('HMGET', KEYS[i], 'state', 'why')
  local state = ticket[1]
  if state == 'W' or state == 'C' then
    redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i])
    replies[i - 1] = 'live'
  else
    replies[i - 1] = not state and 'unknown' or ticket[2] == 'lost' and 'lost' or 'ended'
  end
end
return replies
