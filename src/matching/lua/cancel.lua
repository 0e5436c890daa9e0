--[[ Ends a search that waits; one that is claimed ends when its claim is refused. An unknown one is marked as ended,
  so that a start under way with its id finds that it came too late. A dead one ends as of its last sign of life, for the reason that
  its owner left with, if they did.
  KEYS[1] ticket: hash   KEYS[2] user: string   KEYS[3] waiting: zset   KEYS[4] leases: zset   KEYS[5] deltas: stream
  KEYS[6] avoid: zset   KEYS[7] block: set
  ARGV[1] searchId   ARGV[2] why: gave_up or lost   ARGV[3] 1: only when its lease has run out
  ARGV[4] how long the end is remembered (ms)   ARGV[5] entries that the stream keeps   ARGV[6] lease that a sign of life gives (ms)
  Returns `cancelled`, `claimed` (the match may still win), `matched` (it won), `absent` (no such search) or `alive` (ARGV[3] only). ]]
local search = ARGV[1]
local state = redis.call('HGET', KEYS[1], 'state')
local why, at = ARGV[2], ''
if state == 'M' then return 'matched' end
if state == 'X' then return 'absent' end
if ARGV[3] == '1' then
  local clock = redis.call('TIME')
  local lease = redis.call('ZSCORE', KEYS[4], search)
  if lease and tonumber(lease) > clock[1] * 1000 + math.floor(clock[2] / 1000) then return 'alive' end
  local left = redis.call('HMGET', KEYS[1], 'left', 'leftAt')
  why = left[1] or why
  at = left[2] or lease and string.format('%.0f', lease - ARGV[6]) or ''
end
if state == 'C' then
  if ARGV[3] ~= '1' then redis.call('HSET', KEYS[1], 'quit', ARGV[2]) end
  return 'claimed'
end
if state == 'W' then
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[5], '*', 'op', '-', 's', search, 'r', why, 'n', at)
  if redis.call('GET', KEYS[2]) == search then redis.call('DEL', KEYS[2]) end
  redis.call('DEL', KEYS[6], KEYS[7])
end
redis.call('ZREM', KEYS[3], search)
redis.call('ZREM', KEYS[4], search)
redis.call('DEL', KEYS[1])
-- Only who was given up for dead may be put back by a sign of life.
redis.call('HSET', KEYS[1], 'state', 'X', 'why', ARGV[3] == '1' and 'lost' or 'ended')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return state and 'cancelled' or 'absent'
