DROP FUNCTION append_audit(text, text, text, text, text, text, text);

DO $$ DECLARE v_partition regclass; BEGIN
  FOR v_partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'audit_events'::regclass LOOP
    EXECUTE format('DROP TRIGGER audit_events_no_truncate ON %s', v_partition);
  END LOOP;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'stoa_app') THEN
    GRANT INSERT ON audit_events TO stoa_app;
  END IF;
END $$;
DROP TRIGGER audit_events_no_truncate ON audit_events;

CREATE OR REPLACE FUNCTION drop_finished_audit_partitions(p_before date) RETURNS integer
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

CREATE OR REPLACE FUNCTION ensure_audit_partition(p_day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
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

GRANT EXECUTE ON FUNCTION ensure_message_partition(date), ensure_audit_partition(date),
  drop_finished_message_partitions(date), drop_finished_audit_partitions(date) TO PUBLIC;
DO $$ BEGIN EXECUTE format('ALTER FUNCTION ensure_message_partition(date) SET search_path = %I', current_schema()); END $$;
