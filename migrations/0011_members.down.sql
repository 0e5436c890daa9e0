DROP TABLE auth_requests;
ALTER TABLE users
  DROP CONSTRAINT users_member_check,
  DROP CONSTRAINT users_email_norm_key,
  DROP COLUMN credentials_version,
  DROP COLUMN password_hash,
  DROP COLUMN email_norm,
  DROP COLUMN email;
