-- A member is a user with an address and a password. The row changes only when a mailed token is used.
ALTER TABLE users
  ADD COLUMN email            text,
  -- The one canonical form (`canonicalEmail`): two spellings of one address are one account.
  ADD COLUMN email_norm       text,
  ADD COLUMN password_hash    text,
  -- Raised by each change of password or address: tokens that were asked for before are void.
  ADD COLUMN credentials_version integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT users_email_norm_key UNIQUE (email_norm),
  ADD CONSTRAINT users_member_check CHECK (
    (kind = 'member') = (email IS NOT NULL) AND (email IS NULL) = (email_norm IS NULL) AND (email IS NULL) = (password_hash IS NULL));

-- The outbox of all that is decided out of sight of whoever asked, and of every mail. The request that writes a row never looks
-- whether the address is known; the worker does. A row that makes a token keeps it sealed until its mail has left, then only its hash.
CREATE TABLE auth_requests (
  id                  uuid PRIMARY KEY,
  kind                text NOT NULL CHECK (kind IN ('registration', 'password_reset', 'email_change', 'notice')),
  -- Which notice, for kind notice.
  notice              text,
  email_sealed        text NOT NULL,
  email_digest        text NOT NULL,
  -- Registration: the hash of the password that was asked for.
  password_hash       text,
  -- The signed-in user who asked: the guest who registers, the member who changes the address.
  user_id             uuid REFERENCES users (id) ON DELETE CASCADE,
  credentials_version integer,
  -- Over the limit for its address: accepted to the eye, and then left alone.
  throttled           boolean NOT NULL DEFAULT false,
  ip_hash             text,
  request_id          text,
  token_hash          bytea,
  token_sealed        text,
  expires_at          timestamptz,
  used_at             timestamptz,
  created_at          timestamptz NOT NULL DEFAULT now(),
  -- Until when a worker may be at it; free again after that.
  claimed_until       timestamptz,
  handled_at          timestamptz,
  -- Hours enough for the longest token (24 h).
  delete_after        timestamptz NOT NULL DEFAULT now() + interval '25 hours',
  CONSTRAINT auth_requests_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX auth_requests_unhandled_idx ON auth_requests (created_at) WHERE handled_at IS NULL;
CREATE INDEX auth_requests_delete_after_idx ON auth_requests (delete_after);
CREATE INDEX auth_requests_email_digest_idx ON auth_requests (email_digest, created_at);
CREATE INDEX auth_requests_user_id_idx ON auth_requests (user_id) WHERE user_id IS NOT NULL;
