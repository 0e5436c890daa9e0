DROP FUNCTION pair_lock_key(uuid, uuid);
DROP TABLE blocks;
