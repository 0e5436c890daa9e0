--[[ Makes a connection the user's live one, or renews it.
  KEYS[1] stoa:{presence:U}:connection  HASH generation, process, connection; expires with the lease
  ARGV[1] process id   ARGV[2] connection id   ARGV[3] generation to defend, or 0 to be the newest
  ARGV[4] lease (ms)
  The newest generation wins; the owner itself may renew with an older one, while the answer with its own is on its way.
  A missing key (lease over, Redis emptied) is taken back by whoever asks first.
  Returns {1, generation, old process, old connection} when this connection is the live one now
            (old values are '' when nobody else was replaced),
          {0, generation, process, connection} of the owner when a newer connection is live. ]]
local held = redis.call('HMGET', KEYS[1], 'generation', 'process', 'connection')
local known = tonumber(held[1] or '0')
local mine = tonumber(ARGV[3])
if mine == 0 then
  local now = redis.call('TIME')
  mine = math.max(now[1] * 1000000 + now[2], known + 1)
end
if known > mine and held[3] ~= ARGV[2] then
  return {0, held[1], held[2], held[3]}
end
mine = math.max(mine, known)
local generation = string.format('%.0f', mine)
-- The lease first: a full Redis refuses HSET as the first write of a script, but neither PEXPIRE nor what follows it. Else all leases
-- would run out while it is full, and with them the ways between processes; what is kept is bounded by who is connected.
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('HSET', KEYS[1], 'generation', generation, 'process', ARGV[1], 'connection', ARGV[2])
if not held[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
if held[3] and held[3] ~= ARGV[2] then
  return {1, generation, held[2], held[3]}
end
return {1, generation, '', ''}
