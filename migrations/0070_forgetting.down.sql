DROP INDEX exports_archive_idx;
DROP INDEX erasures_done_at_idx;
DROP INDEX users_guests_created_at_idx;
