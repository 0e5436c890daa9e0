-- People, their sessions, conversations and messages, the audit trail.
-- Every table that an application role may write is granted by the default privileges that `migrate` sets before this runs.

CREATE TABLE users (
  id              uuid PRIMARY KEY,
  kind            text NOT NULL CHECK (kind IN ('guest', 'member')),
  nickname        text,
  gender          text CHECK (gender IN ('woman', 'man', 'nonbinary')),
  age_band        text NOT NULL CHECK (age_band IN ('18-24', '25-34', '35-44', '45-54', '55+')),
  languages       text[] NOT NULL,
  interests       text[] NOT NULL,
  seeks           jsonb NOT NULL DEFAULT '{}',
  suspended_until timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now()
);

-- A session without user_id is a pre-session: it only carries the CSRF token of somebody who is not signed in yet.
-- A revoked session is deleted; an expired one stays a while, so that its socket can be told why.
CREATE TABLE sessions (
  id           uuid PRIMARY KEY,
  token_hash   bytea NOT NULL,
  user_id      uuid REFERENCES users (id) ON DELETE CASCADE,
  client       text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE conversations (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The day of the start: the partition key of its messages, constant for the conversation's life.
  started_on       date NOT NULL,
  started_at       timestamptz NOT NULL DEFAULT now(),
  last_seq         integer NOT NULL DEFAULT 0,
  last_activity_at timestamptz NOT NULL DEFAULT now(),
  shared_interests text[] NOT NULL DEFAULT '{}',
  ended_at         timestamptz,
  end_reason       text CHECK (end_reason IN ('left', 'abandoned', 'timeout', 'ended')),
  -- The member who left or was lost; null for timeout and ended.
  ended_by_slot    smallint CHECK (ended_by_slot IN (0, 1)),
  delete_after     timestamptz,
  CONSTRAINT conversations_end_check CHECK ((ended_at IS NULL) = (end_reason IS NULL) AND (ended_at IS NULL) = (delete_after IS NULL))
);
CREATE INDEX conversations_delete_after_idx ON conversations (delete_after) WHERE delete_after IS NOT NULL;
CREATE INDEX conversations_last_activity_at_idx ON conversations (last_activity_at) WHERE ended_at IS NULL;

-- Who is in an open conversation: the primary key is the rule that nobody is in two.
CREATE TABLE participations (
  user_id         uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  conversation_id bigint NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  slot            smallint NOT NULL CHECK (slot IN (0, 1)),
  -- Since when the user has no connection; null while connected. The grace runs from here.
  away_since      timestamptz,
  CONSTRAINT participations_conversation_id_slot_key UNIQUE (conversation_id, slot)
);
CREATE INDEX participations_away_since_idx ON participations (away_since) WHERE away_since IS NOT NULL;

-- Who was in a conversation, for its history; with what the partner may see of them, as it was at the start.
CREATE TABLE conversation_members (
  conversation_id bigint NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  slot            smallint NOT NULL CHECK (slot IN (0, 1)),
  user_id         uuid REFERENCES users (id) ON DELETE SET NULL,
  -- The opaque id that this member, and nobody else, knows the conversation by.
  handle          text NOT NULL,
  nickname        text NOT NULL,
  gender          text,
  age_band        text NOT NULL,
  languages       text[] NOT NULL,
  seen_seq        integer NOT NULL DEFAULT 0,
  PRIMARY KEY (conversation_id, slot),
  CONSTRAINT conversation_members_handle_key UNIQUE (handle)
);
CREATE INDEX conversation_members_user_id_idx ON conversation_members (user_id);

CREATE TABLE messages (
  started_on      date NOT NULL,
  conversation_id bigint NOT NULL,
  seq             integer NOT NULL,
  slot            smallint NOT NULL,
  client_id       uuid NOT NULL,
  text            text NOT NULL,
  text_hash       bytea NOT NULL,
  sent_at         timestamptz NOT NULL,
  CONSTRAINT messages_pkey PRIMARY KEY (started_on, conversation_id, seq),
  CONSTRAINT messages_client_id_key UNIQUE (started_on, conversation_id, slot, client_id)
) PARTITION BY RANGE (started_on);

-- Append-only: the application role has INSERT and SELECT, and a trigger refuses the rest to everybody.
CREATE TABLE audit_events (
  at         timestamptz NOT NULL DEFAULT now(),
  event      text NOT NULL,
  actor      text,
  target     text,
  result     text NOT NULL DEFAULT 'ok',
  reason     text,
  ip_hash    text,
  request_id text
) PARTITION BY RANGE (at);
CREATE INDEX audit_events_request_id_idx ON audit_events (request_id);
CREATE INDEX audit_events_at_idx ON audit_events (at);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

-- Makes the message partition of a day; does nothing when it exists. Runs as the owner, so that the application role needs no DDL rights.
CREATE FUNCTION ensure_message_partition(p_day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  v_name text := 'messages_' || to_char(p_day, 'YYYYMMDD');
BEGIN
  IF to_regclass(v_name) IS NULL THEN
    -- One maker at a time, and the others find it made.
    PERFORM pg_advisory_xact_lock(hashtext('ensure_message_partition'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF messages FOR VALUES FROM (%L) TO (%L)', v_name, p_day, p_day + 1);
  END IF;
END $$;

-- The same for the audit partition of the month in which `p_day` lies; nobody may change rows in it directly either.
CREATE FUNCTION ensure_audit_partition(p_day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  v_month date := date_trunc('month', p_day)::date;
  v_name  text := 'audit_events_' || to_char(p_day, 'YYYYMM');
BEGIN
  IF to_regclass(v_name) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('ensure_audit_partition'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)',
      v_name, v_month, (v_month + interval '1 month')::date);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'stoa_app') THEN
      EXECUTE format('REVOKE ALL ON %I FROM stoa_app', v_name);
      EXECUTE format('GRANT SELECT ON %I TO stoa_app', v_name);
    END IF;
  END IF;
END $$;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'stoa_app') THEN
    REVOKE ALL ON audit_events FROM stoa_app;
    GRANT SELECT, INSERT ON audit_events TO stoa_app;
  END IF;
END $$;

SELECT ensure_message_partition(current_date + i), ensure_audit_partition((current_date + make_interval(months => i))::date)
  FROM generate_series(0, 2) AS i;
