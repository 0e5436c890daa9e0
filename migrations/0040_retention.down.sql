DROP FUNCTION drop_finished_audit_partitions(date);
DROP INDEX match_outcomes_matched_on_idx;
