--[[ Rate limits by the generic cell rate algorithm, all buckets of one request in one call, by Redis' clock.
  KEYS[i]        bucket: string, time (ms, 3 decimals) at which it would be empty; expires then
  ARGV[3i-2]     ms between two that pass for ever
  ARGV[3i-1]     how many may pass at once
  ARGV[3i]       '1' when an excess refuses the request, '0' when it is only reported, 'look' when it refuses and the bucket is never charged
  Returns, for each bucket, three integers in one flat list: 1 or 0 (passes), how many more would pass, ms until one would (0 when it passed).
  When a refusing bucket is full, none is charged; else each that has room is, but none that is only reported after one that is full. ]]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local nexts, verdicts, refused, spared = {}, {}, false, false
for i = 1, #KEYS do
  local emission, burst = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local arrival = tonumber(redis.call('GET', KEYS[i]) or now)
  local following = math.max(arrival, now) + emission
  local wait = following - emission * burst - now
  local passes = wait <= 0.001
  local mode = ARGV[3 * i]
  nexts[i] = passes and mode ~= 'look' and not (mode == '0' and spared) and following or false
  if not passes then
    if mode == '0' then spared = true else refused = true end
  end
  verdicts[3 * i - 2] = passes and 1 or 0
  verdicts[3 * i - 1] = passes and math.floor((now + emission * burst - following) / emission + 0.000001) or 0
  verdicts[3 * i] = passes and 0 or math.ceil(wait)
end
if not refused then
  for i = 1, #KEYS do
    if nexts[i] then
      redis.call('SET', KEYS[i], string.format('%.3f', nexts[i]), 'PX', math.max(1, math.ceil(nexts[i] - now)))
    end
  end
end
return verdicts
