--[[ Forgets where a user searches, if it is still that search.
  KEYS[1] home: string
  ARGV[1] what it must hold
  Returns 1 when it was forgotten, 0 otherwise. ]]
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
