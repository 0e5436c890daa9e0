--[[ Ends a connection's hold on its user, if it is still the live one.
  KEYS[1] stoa:{presence:U}:connection  HASH, see hold-connection.lua
  ARGV[1] connection id
  Returns 1 when it was the live one and nobody is now, 0 when another connection is live,
          2 when nobody was (lease over, Redis emptied). ]]
local held = redis.call('HGET', KEYS[1], 'connection')
if not held then
  return 2
end
if held ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
return 1
