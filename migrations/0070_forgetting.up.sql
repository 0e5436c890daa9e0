-- What is forgotten is found by an index, also among millions.
CREATE INDEX users_guests_created_at_idx ON users (created_at) WHERE kind = 'guest';
CREATE INDEX erasures_done_at_idx ON erasures (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX exports_archive_idx ON exports (expires_at) WHERE archive_sealed IS NOT NULL;
