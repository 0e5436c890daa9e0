-- Everything about an item is asked by its whole key. Without the LIMITs, which say that one row is wanted, the planner may read all of a
-- conversation for each message of it, or all conversations, as long as the statistics know small tables only: 160 to 240 µs of Postgres a
-- message in conversations of some hundred, 75 to 95 with them (batches of 64). One plan for all calls: to plan costs more than to run.

-- Appends a batch of messages. Replies one row per item, in their order (item: from 1):
--   stored     new; seq and sent_at are its own
--   duplicate  this client_id is known with this text; seq and sent_at of the first (also after the end: only the ack was lost)
--   reused     this client_id is known with another text
--   ended      the conversation has ended
--   unknown    no such conversation, or the user is no member of it
-- Nested loops over the named indexes always: a plan made for an empty table must not outlive it.
CREATE OR REPLACE FUNCTION append_messages(p_conversations bigint[], p_users uuid[], p_clients uuid[], p_texts text[])
RETURNS TABLE (item integer, outcome text, seq integer, sent_at timestamptz)
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
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
           CASE WHEN m.slot IS NULL THEN 'unknown'
                WHEN old.seq IS NOT NULL AND old.text_hash = i.text_hash THEN 'duplicate'
                WHEN old.seq IS NOT NULL THEN 'reused'
                WHEN c.ended_at IS NOT NULL THEN 'ended'
                WHEN first_value(i.item) OVER twins = i.item THEN 'stored'
                WHEN first_value(i.text_hash) OVER twins = i.text_hash THEN 'twin'
                ELSE 'reused' END AS class
      FROM items i
      LEFT JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id LIMIT 1) AS c ON true
      -- OFFSET 0: the two of the conversation, never all conversations of the user.
      LEFT JOIN LATERAL (SELECT * FROM conversation_members WHERE conversation_id = c.id OFFSET 0) AS m ON m.user_id = i.user_id
      LEFT JOIN LATERAL (
        SELECT * FROM messages
         WHERE started_on = c.started_on AND conversation_id = c.id AND slot = m.slot AND client_id = i.client_id LIMIT 1) AS old ON true
    WINDOW twins AS (PARTITION BY i.conversation_id, i.user_id, i.client_id ORDER BY i.item)
  ), numbered AS (
    SELECT k.*, k.last_seq + (count(*) FILTER (WHERE k.class = 'stored') OVER (PARTITION BY k.conversation_id ORDER BY k.item))::integer AS new_seq
      FROM known k
  ), inserted AS (
    INSERT INTO messages (started_on, conversation_id, seq, slot, client_id, text, text_hash, sent_at)
      SELECT n.started_on, n.conversation_id, n.new_seq, n.slot, n.client_id, n.text, n.text_hash, now() FROM numbered n WHERE n.class = 'stored'
  ), moved AS (
    -- Activity by the whole second, rounded up: several messages of one second touch no index.
    UPDATE conversations c SET last_seq = n.last_seq, last_activity_at = date_trunc('second', now()) + interval '1 second'
      FROM (SELECT conversation_id, max(new_seq) AS last_seq FROM numbered WHERE class = 'stored' GROUP BY conversation_id) AS n
      WHERE c.id = n.conversation_id
  )
  SELECT n.item, CASE n.class WHEN 'twin' THEN 'duplicate' ELSE n.class END,
         CASE WHEN n.old_seq IS NOT NULL THEN n.old_seq WHEN n.class IN ('stored', 'twin') THEN first_value(n.new_seq) OVER twins END,
         CASE WHEN n.old_seq IS NOT NULL THEN n.old_sent_at WHEN n.class IN ('stored', 'twin') THEN now() END
    FROM numbered n
    WINDOW twins AS (PARTITION BY n.conversation_id, n.user_id, n.client_id ORDER BY n.item)
    ORDER BY n.item;
END $$;
