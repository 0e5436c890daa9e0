-- Audit rows are kept at least this long, whoever asks: the bound is the database's own, not the caller's.
CREATE OR REPLACE FUNCTION drop_finished_audit_partitions(p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  v_name   text;
  v_before date := least(p_before, (now() AT TIME ZONE 'UTC')::date - 180);
  v_count  integer := 0;
BEGIN
  FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_events'::regclass ORDER BY 1 LOOP
    IF to_date(right(v_name, 6), 'YYYYMM') + interval '1 month' <= v_before THEN
      EXECUTE format('DROP TABLE %I', v_name);
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;

-- As before; and never today's or a later day's partition.
CREATE OR REPLACE FUNCTION drop_finished_message_partitions(p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  v_name   text;
  v_day    date;
  v_before date := least(p_before, (now() AT TIME ZONE 'UTC')::date);
  v_count  integer := 0;
BEGIN
  FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'messages'::regclass ORDER BY 1 LOOP
    v_day := to_date(right(v_name, 8), 'YYYYMMDD');
    IF v_day < v_before
       AND NOT EXISTS (SELECT FROM conversations WHERE started_on = v_day AND (ended_at IS NULL OR said_delete_after IS NOT NULL)) THEN
      EXECUTE format('DROP TABLE %I', v_name);
      v_count := v_count + 1;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;

-- Nobody empties the trail either. A trigger of a statement does not pass to partitions: each has its own.
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
DO $$ DECLARE v_partition regclass; BEGIN
  FOR v_partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'audit_events'::regclass LOOP
    EXECUTE format('CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON %s
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', v_partition);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ensure_audit_partition(p_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  v_month date := date_trunc('month', p_day)::date;
  v_name  text := 'audit_events_' || to_char(p_day, 'YYYYMM');
BEGIN
  IF to_regclass(v_name) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('ensure_audit_partition'));
  -- Another may have made it meanwhile.
  IF to_regclass(v_name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)',
    v_name, v_month, (v_month + interval '1 month')::date);
  EXECUTE format('CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON %I
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', v_name);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'stoa_app') THEN
    EXECUTE format('REVOKE ALL ON %I FROM stoa_app', v_name);
    EXECUTE format('GRANT SELECT ON %I TO stoa_app', v_name);
  END IF;
END $$;

-- The one way into the trail: the time of a row is Postgres' own. The migrator gives it to the role stoa_audit, which may do nothing else.
CREATE FUNCTION append_audit(p_event text, p_actor text, p_target text, p_result text, p_reason text, p_ip_hash text, p_request_id text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO audit_events (event, actor, target, result, reason, ip_hash, request_id)
    VALUES (p_event, p_actor, p_target, p_result, p_reason, p_ip_hash, p_request_id);
END $$;

-- What runs with another's rights must find its own tables: a temporary table of the caller's would come first unless pg_temp is named last.
-- And it is for the application, not for everybody who can reach this database.
DO $$ DECLARE v_function regprocedure; BEGIN
  FOREACH v_function IN ARRAY ARRAY['ensure_message_partition(date)', 'ensure_audit_partition(date)',
    'drop_finished_message_partitions(date)', 'drop_finished_audit_partitions(date)',
    'append_audit(text, text, text, text, text, text, text)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', v_function, current_schema());
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', v_function);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'stoa_app') THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO stoa_app', v_function);
    END IF;
  END LOOP;
END $$;
