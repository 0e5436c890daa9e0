--[[ A block keeps a user who searches no longer apart from another one. Nothing happens when the search is over.
  KEYS[1] ticket: hash   KEYS[2] block: set   KEYS[3] deltas: stream
  ARGV[1] searchId   ARGV[2] the other user   ARGV[3] entries that the stream keeps
  Returns 1 when there was such a block, 0 otherwise. ]]
local t = redis.call('HMGET', KEYS[1], 'state', 'user', 'version', 'since', 'attrs')
local lifted = redis.call('SREM', KEYS[2], ARGV[2])
if t[1] == 'W' then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'op', '~', 's', ARGV[1], 'u', t[2], 'v', t[3], 't', t[4], 'a', t[5], 'l', 1)
end
return lifted
