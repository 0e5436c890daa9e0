-- What became of matches, for learning and statistics: classes and numbers, no identities.
-- `a` and `b` are the slots 0 and 1 of the conversation.
CREATE TABLE match_outcomes (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Forgotten with the conversation: from then on the row is about nobody.
  conversation_id bigint REFERENCES conversations (id) ON DELETE SET NULL,
  matched_on      date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
  shard           text NOT NULL,
  class_a         text NOT NULL,
  class_b         text NOT NULL,
  wait_a_ms       integer NOT NULL,
  wait_b_ms       integer NOT NULL,
  score           real NOT NULL,
  -- Null while the conversation lasts.
  duration_ms     bigint,
  both_wrote      boolean,
  good_a          boolean,
  good_b          boolean,
  CONSTRAINT match_outcomes_conversation_id_key UNIQUE (conversation_id)
);
CREATE INDEX match_outcomes_open_idx ON match_outcomes (conversation_id) WHERE duration_ms IS NULL;
