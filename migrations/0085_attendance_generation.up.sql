-- The generation of the newest connection over which the user was seen here (see hold-connection.lua); null until there was one.
-- A goodbye counts only where nobody newer was seen: it may land after the return.
ALTER TABLE participations ADD COLUMN here_generation bigint;
