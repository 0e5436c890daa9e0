--[[ Renews a runner's hold on its shard and reads what changed since it last looked. The cursor is the last entry that it has
  seen, and must still be there: otherwise the stream was trimmed past it or emptied, and the mirror has to be built anew.
  KEYS[1] runner: string   KEYS[2] deltas: stream
  ARGV[1] who asks   ARGV[2] lease (ms)   ARGV[3] cursor, an id of the stream, or '' for none   ARGV[4] most entries
  Returns {status, now (ms), entries}: status `lost` (another one runs the shard), `behind` (build the mirror anew) or `ok`;
  entries {{id, {field, value, ...}}, ...} after the cursor. ]]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and owner ~= 'wanted' then return { 'lost', now, {} } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if ARGV[3] == '' then return { 'behind', now, {} } end
local entries = redis.call('XRANGE', KEYS[2], ARGV[3], '+', 'COUNT', ARGV[4] + 1)
if not entries[1] or entries[1][1] ~= ARGV[3] then return { 'behind', now, {} } end
table.remove(entries, 1)
return { 'ok', now, entries }
