--[[ Adds what a user has spent of their event limits to what waits for their next connection.
  KEYS[1]      hash limit -> time (ms, 3 decimals) at which its bucket would be empty; expires with the last of them
  ARGV[2i-1]   limit   ARGV[2i] ms until its bucket is empty
  Returns ms until the hash expires. ]]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
for i = 1, #ARGV, 2 do
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or now)
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.3f', math.max(known, now) + tonumber(ARGV[i + 1])))
end
local longest = 1
for _, emptyAt in ipairs(redis.call('HVALS', KEYS[1])) do
  longest = math.max(longest, math.ceil(tonumber(emptyAt) - now))
end
redis.call('PEXPIRE', KEYS[1], longest)
return longest
