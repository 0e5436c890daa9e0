-- Every refused sign-in leaves a row in the outbox, whoever it was for: the worker decides whether there is an owner to warn,
-- or a registration to confirm again.
ALTER TABLE auth_requests
  DROP CONSTRAINT auth_requests_kind_check,
  ADD CONSTRAINT auth_requests_kind_check
    CHECK (kind IN ('registration', 'password_reset', 'email_change', 'notice', 'failed_sign_in')),
  -- Failed sign-in: the unconfirmed registration whose password was given.
  ADD COLUMN registration_id uuid;
