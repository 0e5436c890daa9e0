-- Nobody reads it: the limits count addresses, and the audit trail has the day's digest.
ALTER TABLE auth_requests DROP COLUMN ip_hash;
