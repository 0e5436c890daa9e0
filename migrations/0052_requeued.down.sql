ALTER TABLE match_outcomes DROP COLUMN requeued_a, DROP COLUMN requeued_b;
