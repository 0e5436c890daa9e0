--[[ Lets a runner go, unless somebody came meanwhile: whoever arrives after this finds no runner and asks for one.
  KEYS[1] runner: string   KEYS[2] waiting: zset
  ARGV[1] who asks   ARGV[2] 1: also while somebody waits (the process ends)
  Returns `rested`, `lost` (another one runs the shard) or `busy` (somebody waits). ]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
if ARGV[2] ~= '1' and redis.call('ZCARD', KEYS[2]) > 0 then return 'busy' end
redis.call('DEL', KEYS[1])
return 'rested'
