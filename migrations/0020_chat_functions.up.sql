-- Conversations open, grow and end through these functions, a batch in one call.
-- Lock order everywhere: users by id, then conversations by id, then participations by user_id.

-- A counter moves with every message: room on the page keeps those updates out of the indexes.
ALTER TABLE conversations SET (fillfactor = 80);

-- Opens a conversation for each pair whose two users are there and free; the other pairs are named and harm nobody.
-- p_shared: a JSON array with one array of interests per pair. Replies one row per pair, in their order;
-- state_*: free, chatting or gone; conversation_id is null unless both are free.
CREATE FUNCTION open_conversations(p_users_a uuid[], p_users_b uuid[], p_handles_a text[], p_handles_b text[], p_shared jsonb)
RETURNS TABLE (pair integer, state_a text, state_b text, conversation_id bigint, started_at timestamptz, last_activity_at timestamptz,
               member_a jsonb, member_b jsonb)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_today date := (now() AT TIME ZONE 'UTC')::date;
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
      INSERT INTO conversations (started_on, shared_interests)
        VALUES (v_today, ARRAY(SELECT jsonb_array_elements_text(p_shared -> (v_pair - 1))))
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

-- Appends a batch of messages. Replies one row per item, in their order (item: from 1):
--   stored     new; seq and sent_at are its own
--   duplicate  this client_id is known with this text; seq and sent_at of the first (also after the end: only the ack was lost)
--   reused     this client_id is known with another text
--   ended      the conversation has ended
--   unknown    no such conversation, or the user is no member of it
-- Nested loops over the named indexes always: a plan made for an empty table must not outlive it.
CREATE FUNCTION append_messages(p_conversations bigint[], p_users uuid[], p_clients uuid[], p_texts text[])
RETURNS TABLE (item integer, outcome text, seq integer, sent_at timestamptz)
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY c.id FOR NO KEY UPDATE;

  -- A second statement, so that its snapshot sees what others committed while we waited for the locks.
  RETURN QUERY
  WITH items AS (
    SELECT i.item::integer, i.conversation_id, i.user_id, i.client_id, i.text, sha256(convert_to(i.text, 'UTF8')) AS text_hash
      FROM unnest(p_conversations, p_users, p_clients, p_texts) WITH ORDINALITY AS i (conversation_id, user_id, client_id, text, item)
  ), known AS (
    SELECT i.*, c.started_on, c.last_seq, m.slot, old.seq AS old_seq, old.sent_at AS old_sent_at,
           first_value(i.item) OVER twins AS first_item,
           CASE WHEN m.slot IS NULL THEN 'unknown'
                WHEN old.seq IS NOT NULL AND old.text_hash = i.text_hash THEN 'duplicate'
                WHEN old.seq IS NOT NULL THEN 'reused'
                WHEN c.ended_at IS NOT NULL THEN 'ended'
                WHEN first_value(i.item) OVER twins = i.item THEN 'stored'
                WHEN first_value(i.text_hash) OVER twins = i.text_hash THEN 'twin'
                ELSE 'reused' END AS class
      FROM items i
      LEFT JOIN conversations c ON c.id = i.conversation_id
      LEFT JOIN conversation_members m ON m.conversation_id = c.id AND m.user_id = i.user_id
      LEFT JOIN messages old ON old.started_on = c.started_on AND old.conversation_id = c.id AND old.slot = m.slot AND old.client_id = i.client_id
    WINDOW twins AS (PARTITION BY i.conversation_id, i.user_id, i.client_id ORDER BY i.item)
  ), numbered AS (
    SELECT k.*, k.last_seq + (row_number() OVER (PARTITION BY k.conversation_id ORDER BY k.item))::integer AS new_seq
      FROM known k WHERE k.class = 'stored'
  ), inserted AS (
    INSERT INTO messages (started_on, conversation_id, seq, slot, client_id, text, text_hash, sent_at)
      SELECT n.started_on, n.conversation_id, n.new_seq, n.slot, n.client_id, n.text, n.text_hash, now() FROM numbered n
  ), moved AS (
    -- Activity by the whole second, rounded up: several messages of one second touch no index.
    UPDATE conversations c SET last_seq = c.last_seq + n.added, last_activity_at = date_trunc('second', now()) + interval '1 second'
      FROM (SELECT conversation_id, count(*)::integer AS added FROM numbered GROUP BY conversation_id) AS n
      WHERE c.id = n.conversation_id
  )
  SELECT k.item, CASE k.class WHEN 'twin' THEN 'duplicate' ELSE k.class END,
         coalesce(k.old_seq, n.new_seq), CASE WHEN k.old_seq IS NOT NULL THEN k.old_sent_at WHEN n.new_seq IS NOT NULL THEN now() END
    FROM known k
    LEFT JOIN numbered n ON n.item = k.first_item AND k.class IN ('stored', 'twin')
    ORDER BY k.item;
END $$;

-- Ends each of these conversations that is still open and frees its two users. p_by: who left or was lost, null where nobody did.
-- Replies one row per conversation that this call ended; the others were ended before or do not exist.
CREATE FUNCTION end_conversations(p_conversations bigint[], p_reason text, p_by uuid[], p_retention_ms bigint)
RETURNS TABLE (conversation_id bigint, started_at timestamptz, ended_at timestamptz, last_seq integer, by_slot smallint, members jsonb)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  PERFORM FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY c.id FOR NO KEY UPDATE;
  PERFORM FROM participations p WHERE p.conversation_id = ANY (p_conversations) ORDER BY p.user_id FOR UPDATE;

  RETURN QUERY
  WITH wanted AS (
    SELECT DISTINCT ON (i.id) i.id, m.slot
      FROM unnest(p_conversations, p_by) AS i (id, user_id)
      LEFT JOIN conversation_members m ON m.conversation_id = i.id AND m.user_id = i.user_id
      ORDER BY i.id
  ), ended AS (
    UPDATE conversations c
       SET ended_at = now(), end_reason = p_reason, ended_by_slot = w.slot, delete_after = now() + p_retention_ms * interval '1 millisecond'
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
