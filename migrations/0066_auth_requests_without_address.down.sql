ALTER TABLE auth_requests ADD COLUMN ip_hash text;
