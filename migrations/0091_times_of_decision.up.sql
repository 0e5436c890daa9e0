-- When a conversation starts and ends is the moment in which it is decided, after the locks, and not when the transaction began: one that
-- had to wait would start a conversation before its members' last one was over, and end one before its last message.

-- Opens a conversation for each pair whose two users are there and free; the other pairs are named and harm nobody.
-- p_shared: a JSON array with one array of interests per pair. Replies one row per pair, in their order;
-- state_*: free, chatting or gone; conversation_id is null unless both are free.
CREATE OR REPLACE FUNCTION open_conversations(p_users_a uuid[], p_users_b uuid[], p_handles_a text[], p_handles_b text[], p_shared jsonb)
RETURNS TABLE (pair integer, state_a text, state_b text, conversation_id bigint, started_at timestamptz, last_activity_at timestamptz,
               member_a jsonb, member_b jsonb)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_today date := (now() AT TIME ZONE 'UTC')::date;
  v_now timestamptz;
BEGIN
  PERFORM ensure_message_partition(v_today);
  -- Whoever opens anything for one of these users waits here, so the check below stays true until the commit.
  PERFORM FROM users u WHERE u.id = ANY (p_users_a || p_users_b) ORDER BY u.id FOR NO KEY UPDATE;

  FOR v_pair IN 1 .. cardinality(p_users_a) LOOP
    pair := v_pair;
    SELECT max(s.state) FILTER (WHERE s.user_id = p_users_a[v_pair]), max(s.state) FILTER (WHERE s.user_id = p_users_b[v_pair])
      INTO state_a, state_b
      FROM (SELECT i.user_id, CASE WHEN u.id IS NULL THEN 'gone' WHEN p.user_id IS NOT NULL THEN 'chatting' ELSE 'free' END AS state
              FROM unnest(ARRAY[p_users_a[v_pair], p_users_b[v_pair]]) AS i (user_id)
              LEFT JOIN users u ON u.id = i.user_id
              LEFT JOIN participations p ON p.user_id = i.user_id) AS s;
    conversation_id := NULL;
    IF state_a = 'free' AND state_b = 'free' THEN
      v_now := clock_timestamp();
      INSERT INTO conversations (started_on, started_at, last_activity_at, shared_interests)
        VALUES (v_today, v_now, v_now, ARRAY(SELECT jsonb_array_elements_text(p_shared -> (v_pair - 1))))
        RETURNING conversations.id, conversations.started_at, conversations.last_activity_at
        INTO conversation_id, started_at, last_activity_at;
      INSERT INTO participations (user_id, conversation_id, slot)
        SELECT m.user_id, open_conversations.conversation_id, m.slot
          FROM (VALUES (p_users_a[v_pair], 0::smallint), (p_users_b[v_pair], 1::smallint)) AS m (user_id, slot) ORDER BY m.user_id;
      INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, gender, age_band, languages)
        SELECT open_conversations.conversation_id, m.slot, u.id, m.handle, coalesce(u.nickname, 'Stranger'), u.gender, u.age_band, u.languages
          FROM (VALUES (p_users_a[v_pair], 0::smallint, p_handles_a[v_pair]), (p_users_b[v_pair], 1::smallint, p_handles_b[v_pair])) AS m (user_id, slot, handle)
          JOIN users u ON u.id = m.user_id;
      SELECT max(to_jsonb(m)::text) FILTER (WHERE m.slot = 0)::jsonb, max(to_jsonb(m)::text) FILTER (WHERE m.slot = 1)::jsonb
        INTO member_a, member_b
        FROM conversation_members m WHERE m.conversation_id = open_conversations.conversation_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- Ends each of these conversations that is still open and frees its two users. p_by: who left or was lost, null where nobody did.
-- Replies one row per conversation that this call ended; the others were ended before or do not exist.
CREATE OR REPLACE FUNCTION end_conversations(p_conversations bigint[], p_reason text, p_by uuid[], p_retention_ms bigint, p_facts_ms bigint DEFAULT 0)
RETURNS TABLE (conversation_id bigint, started_at timestamptz, ended_at timestamptz, last_seq integer, by_slot smallint, members jsonb)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
BEGIN
  PERFORM FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY c.id FOR NO KEY UPDATE;
  PERFORM FROM participations p WHERE p.conversation_id = ANY (p_conversations) ORDER BY p.user_id FOR UPDATE;
  v_now := clock_timestamp();

  RETURN QUERY
  WITH wanted AS (
    SELECT DISTINCT ON (i.id) i.id, m.slot
      FROM unnest(p_conversations, p_by) AS i (id, user_id)
      LEFT JOIN conversation_members m ON m.conversation_id = i.id AND m.user_id = i.user_id
      ORDER BY i.id
  ), ended AS (
    UPDATE conversations c
       SET ended_at = v_now, end_reason = p_reason, ended_by_slot = w.slot,
           said_delete_after = v_now + p_retention_ms * interval '1 millisecond',
           delete_after = v_now + greatest(p_retention_ms, p_facts_ms) * interval '1 millisecond'
      FROM wanted w WHERE c.id = w.id AND c.ended_at IS NULL
      RETURNING c.id, c.started_at, c.ended_at, c.last_seq, c.ended_by_slot
  ), freed AS (
    DELETE FROM participations p USING ended e WHERE p.conversation_id = e.id
  )
  SELECT e.id, e.started_at, e.ended_at, e.last_seq, e.ended_by_slot,
         (SELECT jsonb_agg(jsonb_build_object('userId', m.user_id, 'handle', m.handle) ORDER BY m.slot)
            FROM conversation_members m WHERE m.conversation_id = e.id)
    FROM ended e;
END $$;
