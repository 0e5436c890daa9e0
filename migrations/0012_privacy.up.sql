-- Requests to be forgotten. The row outlives the person as a receipt that names nobody.
CREATE TABLE erasures (
  id           uuid PRIMARY KEY,
  -- Null once it is done. No foreign key: it must not go with the user before the job has finished.
  user_id      uuid,
  requested_at timestamptz NOT NULL DEFAULT now(),
  done_at      timestamptz,
  CONSTRAINT erasures_done_check CHECK ((done_at IS NULL) = (user_id IS NOT NULL))
);
CREATE UNIQUE INDEX erasures_user_id_key ON erasures (user_id) WHERE user_id IS NOT NULL;

-- Archives of what is stored about a person, sealed, each to be fetched once by its owner.
CREATE TABLE exports (
  id             uuid PRIMARY KEY,
  user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  requested_at   timestamptz NOT NULL DEFAULT now(),
  archive_sealed text,
  token_hash     bytea,
  -- Kept for guests, who find the link at `GET /me/export`; a member's goes with its mail.
  token_sealed   text,
  ready_at       timestamptz,
  expires_at     timestamptz,
  used_at        timestamptz,
  delete_after   timestamptz NOT NULL DEFAULT now() + interval '25 hours',
  CONSTRAINT exports_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX exports_user_id_idx ON exports (user_id, requested_at DESC);
CREATE INDEX exports_delete_after_idx ON exports (delete_after);
