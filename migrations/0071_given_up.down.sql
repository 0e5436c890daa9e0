ALTER TABLE erasures DROP COLUMN attempts, DROP COLUMN next_try_at, DROP COLUMN given_up_at;
ALTER TABLE exports DROP COLUMN attempts, DROP COLUMN next_try_at, DROP COLUMN given_up_at;
ALTER TABLE auth_requests DROP COLUMN attempts, DROP COLUMN next_try_at, DROP COLUMN given_up_at;
