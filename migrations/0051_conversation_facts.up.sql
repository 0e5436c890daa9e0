-- A conversation's row outlives what was said: who met whom counts for as long as the two are kept apart, and can be rated.
-- What was said goes at `said_delete_after`, which is null from then on; the row goes at `delete_after`.
ALTER TABLE conversations ADD COLUMN said_delete_after timestamptz;
UPDATE conversations SET said_delete_after = delete_after WHERE delete_after IS NOT NULL;
CREATE INDEX conversations_said_delete_after_idx ON conversations (said_delete_after) WHERE said_delete_after IS NOT NULL;

-- As before, with how long the row is kept. Processes of the last version leave it out: then it goes with what was said.
DROP FUNCTION end_conversations(bigint[], text, uuid[], bigint);
CREATE FUNCTION end_conversations(p_conversations bigint[], p_reason text, p_by uuid[], p_retention_ms bigint, p_facts_ms bigint DEFAULT 0)
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
       SET ended_at = now(), end_reason = p_reason, ended_by_slot = w.slot,
           said_delete_after = now() + p_retention_ms * interval '1 millisecond',
           delete_after = now() + greatest(p_retention_ms, p_facts_ms) * interval '1 millisecond'
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

-- A day's partition goes once nothing that was said on it is kept, whatever rows are.
CREATE OR REPLACE FUNCTION drop_finished_message_partitions(p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  v_name  text;
  v_day   date;
  v_count integer := 0;
BEGIN
  FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'messages'::regclass ORDER BY 1 LOOP
    v_day := to_date(right(v_name, 8), 'YYYYMMDD');
    IF v_day < p_before
       AND NOT EXISTS (SELECT FROM conversations WHERE started_on = v_day AND (ended_at IS NULL OR said_delete_after IS NOT NULL)) THEN
      EXECUTE format('DROP TABLE %I', v_name);
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;
