--[[ Notes that the owner of a search has left, and sets its lease anew. Unless they return (touch), it ends for this reason, as of now.
  One whose lease had run out may have been taken for dead: the mirrors hear that it waits.
  KEYS[1] ticket: hash   KEYS[2] leases: zset   KEYS[3] deltas: stream
  ARGV[1] searchId   ARGV[2] lease (ms)   ARGV[3] why: gave_up or lost   ARGV[4] entries that the stream keeps
  Returns 1 when it was noted, 0 when the search is over. ]]
local search = ARGV[1]
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'W' and state ~= 'C' then return 0 end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if state == 'W' and tonumber(redis.call('ZSCORE', KEYS[2], search) or 0) <= now then
  local t = redis.call('HMGET', KEYS[1], 'user', 'version', 'since', 'attrs', 'lists')
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '*', 'op', '=', 's', search, 'u', t[1], 'v', t[2], 't', t[3], 'a', t[4], 'l', t[5])
end
redis.call('HSET', KEYS[1], 'left', ARGV[3], 'leftAt', now)
redis.call('ZADD', KEYS[2], now + ARGV[2], search)
return 1
