-- As in 0020.
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
