-- What the audit trail calls a person: random, so that erasing the user leaves a name that leads nowhere.
ALTER TABLE users ADD COLUMN audit_id uuid NOT NULL DEFAULT gen_random_uuid();

-- One random salt per UTC day for digests of addresses. Destroyed after 48 h: the digests of that day then lead nowhere.
CREATE TABLE address_salts (
  day  date PRIMARY KEY,
  salt bytea NOT NULL
);
