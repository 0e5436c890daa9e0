--[[ Takes what waits for a user's connection, so that it counts in one place.
  KEYS[1] hash limit -> time (ms) at which its bucket would be empty (leave-spent.lua)
  Returns a flat list: limit, ms until its bucket is empty (whole, rounded up); without those that are empty by now. ]]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local all, spent = redis.call('HGETALL', KEYS[1]), {}
redis.call('DEL', KEYS[1])
for i = 1, #all, 2 do
  local left = math.ceil(tonumber(all[i + 1]) - now)
  if left > 0 then
    spent[#spent + 1] = all[i]
    spent[#spent + 1] = left
  end
end
return spent
