--[[ Finds what has outlived its lease, and says whether the shard needs a run.
  KEYS[1] claims: zset   KEYS[2] leases: zset   KEYS[3] waiting: zset   KEYS[4] runner: string
  ARGV[1] most entries of each kind   ARGV[2] how long a run counts as asked for (ms)
  Returns {claimIds, searchIds, wake}: claims and searches whose lease has run out; wake 1 when somebody waits, nobody runs
  the shard, and the caller has to ask for a run. ]]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local claims = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
local dead = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[1])
local wake = 0
if redis.call('ZCARD', KEYS[3]) > 0 and redis.call('SET', KEYS[4], 'wanted', 'PX', ARGV[2], 'NX') then wake = 1 end
return { claims, dead, wake }
