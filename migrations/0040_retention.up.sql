-- Outcomes of matches and the audit trail are forgotten, too.
CREATE INDEX match_outcomes_matched_on_idx ON match_outcomes (matched_on);

-- Drops audit partitions whose every row is older than p_before; replies how many. The one way in which audit rows go.
-- Gives up quickly where somebody holds the table: the next run tries again. Runs as the owner, as `ensure_audit_partition` does.
CREATE FUNCTION drop_finished_audit_partitions(p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  v_name  text;
  v_count integer := 0;
BEGIN
  FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_events'::regclass ORDER BY 1 LOOP
    IF to_date(right(v_name, 6), 'YYYYMM') + interval '1 month' <= p_before THEN
      EXECUTE format('DROP TABLE %I', v_name);
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;
