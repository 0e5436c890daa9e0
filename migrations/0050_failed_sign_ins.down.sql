DELETE FROM auth_requests WHERE kind = 'failed_sign_in';
ALTER TABLE auth_requests
  DROP COLUMN registration_id,
  DROP CONSTRAINT auth_requests_kind_check,
  ADD CONSTRAINT auth_requests_kind_check CHECK (kind IN ('registration', 'password_reset', 'email_change', 'notice'));
