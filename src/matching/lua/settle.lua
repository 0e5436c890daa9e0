--[[ Ends searches whose people are in a conversation: after the commit, or when it is found that they chat.
  A search that went back to the pool meanwhile (a sweep was quicker than its worker) ends too; one in another claim is that claim's,
  and ends with it unless its owner starts it again.
  KEYS[1] waiting: zset   KEYS[2] leases: zset   KEYS[3] claims: zset   KEYS[4] deltas: stream
  then four for each search: ticket: hash   user: string   avoid: zset   block: set
  ARGV[1] how long the end is remembered (ms)   ARGV[2] entries that the stream keeps   ARGV[3] 1: only searches that are
  still in this claim, and were not started again in it   then three for each search:
  searchId   claimId   1 when this concludes the claim (the last of its searches), else 0
  Returns for each search 1 when it ended now, 0 when it had ended, is not this claim's, or goes on (ARGV[3] only). ]]
local function settle(k, v)
  local search, claim = ARGV[v], ARGV[v + 1]
  if ARGV[v + 2] == '1' then redis.call('ZREM', KEYS[3], claim) end
  local ticket = redis.call('HMGET', KEYS[k], 'state', 'claim', 'again')
  local state = ticket[1]
  if ARGV[3] == '1' and (ticket[2] ~= claim or ticket[3] == '1') then return 0 end
  if state == 'C' and ticket[2] ~= claim then redis.call('HSET', KEYS[k], 'quit', 'lost') end
  if state ~= 'W' and not (state == 'C' and ticket[2] == claim) then return 0 end
  if state == 'W' then
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[2], '*', 'op', '-', 's', search, 'r', 'claimed')
  end
  if redis.call('GET', KEYS[k + 1]) == search then redis.call('DEL', KEYS[k + 1]) end
  redis.call('DEL', KEYS[k], KEYS[k + 2], KEYS[k + 3])
  redis.call('ZREM', KEYS[1], search)
  redis.call('ZREM', KEYS[2], search)
  redis.call('HSET', KEYS[k], 'state', 'M')
  redis.call('PEXPIRE', KEYS[k], ARGV[1])
  return 1
end

local replies = {}
for i = 0, (#KEYS - 4) / 4 - 1 do replies[i + 1] = settle(5 + 4 * i, 4 + 3 * i) end
return replies
