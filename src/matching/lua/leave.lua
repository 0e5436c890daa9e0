--[[ Notes that the owner of a search has left, and sets its lease anew. Unless they return (touch), it ends for this reason, as of now.
  KEYS[1] ticket: hash   KEYS[2] leases: zset
  ARGV[1] searchId   ARGV[2] lease (ms)   ARGV[3] why: gave_up or lost
  Returns 1 when it was noted, 0 when the search is over. ]]
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'W' and state ~= 'C' then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], 'left', ARGV[3], 'leftAt', now)
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
return 1
