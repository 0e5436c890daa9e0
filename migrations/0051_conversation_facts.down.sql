DROP FUNCTION end_conversations(bigint[], text, uuid[], bigint, bigint);
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
CREATE OR REPLACE FUNCTION drop_finished_message_partitions(p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  v_name  text;
  v_day   date;
  v_count integer := 0;
BEGIN
  FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'messages'::regclass ORDER BY 1 LOOP
    v_day := to_date(right(v_name, 8), 'YYYYMMDD');
    IF v_day < p_before AND NOT EXISTS (SELECT FROM conversations WHERE started_on = v_day) THEN
      EXECUTE format('DROP TABLE %I', v_name);
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;
-- What is not said any more needs no row.
DELETE FROM conversations WHERE ended_at IS NOT NULL AND said_delete_after IS NULL;
UPDATE conversations SET delete_after = said_delete_after WHERE said_delete_after IS NOT NULL;
ALTER TABLE conversations DROP COLUMN said_delete_after;
