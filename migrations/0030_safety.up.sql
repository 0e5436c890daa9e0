-- Blocks: who must never meet whom.

CREATE TABLE blocks (
  id         uuid PRIMARY KEY,
  blocker_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  blocked_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- What the blocker knew the other by.
  nickname   text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT blocks_pair_key UNIQUE (blocker_id, blocked_id)
);
CREATE INDEX blocks_blocked_id_idx ON blocks (blocked_id);

-- The lock that orders "open a conversation of these two" and "block": the same for (a, b) and (b, a).
CREATE FUNCTION pair_lock_key(p_a uuid, p_b uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended(least(p_a, p_b)::text || greatest(p_a, p_b)::text, 7302)
$$;
