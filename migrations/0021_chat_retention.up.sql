-- Rows of one day lie together: a block range index is tiny and finds them.
CREATE INDEX conversations_started_on_idx ON conversations USING brin (started_on);

-- Drops message partitions of days before p_before that no retained conversation belongs to; replies how many.
-- Gives up quickly where somebody holds the table: the next run tries again. Runs as the owner, as `ensure_message_partition` does.
CREATE FUNCTION drop_finished_message_partitions(p_before date) RETURNS integer
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
